"""The ledger against what the venues say, to the last unit; and the opening of a session's books."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from arb.domain.errors import Conflict, VenueError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.ledger.ledger import adjustment_entry, opening_entry
from arb.domain.ledger.reconcile import (
    SIGHTINGS_MIN,
    BalanceComparison,
    Drift,
    Key,
    Suspect,
    differing,
    seen_again,
    within_reach,
)
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.lone_leg import BY_HAND, TOUCHED, closed_by_hand
from arb.domain.trading.trade import Trade, TradeState
from arb.engine.ledger.adopt import Adopt
from arb.engine.ledger.explain import Explain
from arb.engine.ledger.unjudged import Unjudged
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters
from arb.ports.trading import TradeStore, VenueClient

LOOKS: Final = 30  # a busy engine is rarely at rest: look a few times
PAUSE_MS: Final = 100
MARGIN_NS: Final = 2_000_000_000  # how long an order that is over still counts as moving: copies lag behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What was found. Undecided are assets that differed while orders moved them all along."""

    drifts: tuple[Drift, ...] = ()
    undecided: tuple[Key, ...] = ()
    foreign: tuple[ListedOrder, ...] = ()
    without_intent: tuple[ListedOrder, ...] = ()
    asked: bool = True  # False where a venue could not be asked
    within_reach: bool = True  # what is undecided is no more than what orders under way can have moved

    @property
    def conclusive(self) -> bool:
        """Tell whether every asset was judged."""
        return self.asked and not self.undecided

    @property
    def explained(self) -> bool:
        """Tell whether trading may go on; other people's orders are no obstacle."""
        return self.conclusive and not self.drifts and not self.without_intent

    @property
    def bearable(self) -> bool:
        """Tell whether only the fate of orders under way is open, whose holds cover whatever it is."""
        return self.asked and self.within_reach and not self.drifts and not self.without_intent

    def lines(self) -> tuple[str, ...]:
        """Return the findings for a person; none if there is nothing to say."""
        return (
            *(str(drift) for drift in self.drifts),
            *(f"{order} has no intent here" for order in self.without_intent),
            *(f"{order} is not ours: left alone" for order in self.foreign),
            *(f"{venue} {asset}: orders moved it all along; look again" for venue, asset in self.undecided),
            *(() if self.asked else ("a venue could not be asked",)),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the findings as JSON."""
        return {
            "explained": self.explained,
            "conclusive": self.conclusive,
            "drifts": [
                {
                    "venue": drift.venue.value,
                    "asset": drift.asset,
                    "ledger": f"{drift.ledger:f}",
                    "balance": f"{drift.balance:f}",
                    "difference": f"{drift.difference:f}",
                    "sources": list(drift.sources),
                }
                for drift in self.drifts
            ],
            "external_orders": [str(order) for order in self.foreign],
            "orders_without_intent": [str(order) for order in self.without_intent],
            "undecided": [f"{venue}:{asset}" for venue, asset in self.undecided],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """The use case behind `arb.reconcile`."""

    session_id: SessionId
    trades: TradeStore
    venues: dict[Venue, VenueClient]
    adopt: Adopt
    explain: Explain
    counters: Counters
    alerts: AlertSink
    clock: Clock
    suspects: dict[Key, Suspect] = field(default_factory=dict)

    def open_books(self) -> None:
        """Book what each venue holds as this session's opening, once. Raises: VenueError.

        Where another group trades on the account, its books say so better than a venue that moves.
        """
        if self.trades.open_beside(self.session_id, self.clock.now_ns()):
            return
        for venue, client in self.venues.items():
            entry = opening_entry(self.session_id, venue, dict(client.balances()))
            self.trades.book_entry(self.session_id, entry, self.clock.now_ns())

    def run(self, looks: int = LOOKS) -> Reconciled:
        """Compare orders and balances with our rows; alarm on every drift, naming where it comes from."""
        adopted = self.adopt.run()
        compared = self._compare(looks)
        found = replace(
            compared,
            foreign=adopted.foreign,
            without_intent=adopted.without_intent,
            asked=compared.asked and adopted.complete,
        )
        self._alarm(found)
        unjudged = Unjudged(
            session_id=self.session_id, sessions=self.adopt.sessions, alerts=self.alerts, clock=self.clock
        )
        unjudged.run(found.undecided, found.asked)
        return found

    def accept(self, found: Reconciled, reason: str) -> None:
        """Book the drifts as money that the operator moved; what was accepted a moment ago is not again.

        The trades whose legs it closed end first: a ledger that agrees says that a leg is still there.
        """
        now_ns = self.clock.now_ns()
        for drift in found.drifts:
            if not self._end_closed(drift, now_ns):
                continue  # a leg of this coin was taken up at this moment; the drift stays, and is told again
            entry = adjustment_entry(
                self.session_id, drift.venue, drift.asset, drift.ledger, drift.balance, now_ns
            )
            if self.trades.book_entry(self.session_id, entry, now_ns):
                self._raise(AlertKind.LEDGER_ADJUSTED, drift, Severity.INFO, f"{drift}; accepted: {reason}")

    def _lone_legs(self, drift: Drift) -> list[Trade]:
        """Return the trades whose legs of the drift's coin stand alone and nobody works on."""
        legs = [leg.trade for leg in self.trades.alone(self.session_id) if leg.is_waiting]
        return [trade for trade in legs if trade.coin == drift.asset]

    def _end_closed(self, drift: Drift, now_ns: int) -> bool:
        """End the trades that a drift closes, and let only the operator take up the others of its coin."""
        legs = self._lone_legs(drift)
        closed = closed_by_hand(legs, Coin(drift.asset), drift.difference)
        try:
            for trade in legs:
                is_closed = trade in closed
                changed = replace(
                    trade,
                    state=TradeState.CLOSED if is_closed else trade.state,
                    reason=BY_HAND if is_closed else TOUCHED,
                    updated_at_ns=now_ns,
                )
                self.trades.add_orders(changed, ())
        except Conflict:
            return False
        return True

    def _closings(self, drift: Drift) -> Iterator[str]:
        """Yield a line for each leg that a drift seems to be the closing of: accepting it ends that trade."""
        legs = self._lone_legs(drift)
        for trade in closed_by_hand(legs, Coin(drift.asset), drift.difference):
            yield (
                f"trade {trade.trade_id} was escalated with {trade.residual:+f} {trade.coin} and seems "
                "closed by hand: accepting this ends it"
            )

    def _compare(self, looks: int) -> Reconciled:
        """Look until every asset is judged, or often enough."""
        drifts: dict[Key, Drift] = {}
        open_keys: list[Key] | None = None
        look = None
        for number in range(looks):
            if number:
                self.clock.sleep_ms(PAUSE_MS)
            look = self._look() or look
            if look is None:
                continue
            differs = differing(look, open_keys)
            drifts |= {key: look.drift(key) for key in differs if not look.movers_of(key)}
            open_keys = [key for key in differs if key not in drifts]
            if not open_keys:
                break
        if look is None:
            return Reconciled(asked=False)
        return self._judged(look, drifts, open_keys or [])

    def _judged(self, look: BalanceComparison, drifts: dict[Key, Drift], open_keys: list[Key]) -> Reconciled:
        """Decide what moved all along by what earlier runs saw of it."""
        kept = {key: seen_again(self.suspects.get(key), look, key) for key in open_keys}
        self.suspects.clear()
        self.suspects.update(kept)
        drifts |= {key: look.drift(key) for key in kept if kept[key].sightings >= SIGHTINGS_MIN}
        return Reconciled(
            drifts=tuple(
                replace(drift, sources=(*self._closings(drift), *self.explain.run(drift)))
                for _, drift in sorted(drifts.items())
            ),
            undecided=tuple(key for key in open_keys if key not in drifts),
            within_reach=all(within_reach(look, key) for key in open_keys),
        )

    def _look(self) -> BalanceComparison | None:
        """Take the ledger, the balances, and what moved meanwhile, in this order."""
        since_ns = self.clock.now_ns() - MARGIN_NS
        self.trades.book_moves(self.session_id, self.clock.now_ns())
        ledger = self.trades.balances(self.session_id)
        try:
            balances = {
                (venue, asset): amount
                for venue, client in self.venues.items()
                for asset, amount in client.balances().items()
            }
        except VenueError:
            return None
        movers = self.trades.moving(self.session_id, since_ns)
        return BalanceComparison(ledger=ledger, balances=balances, movers=movers)

    def _alarm(self, found: Reconciled) -> None:
        verdict = "drift" if found.drifts else "ok" if found.conclusive else "inconclusive"
        self.counters.count("reconciled", verdict)
        for drift in found.drifts:
            self._raise(AlertKind.LEDGER_DRIFT, drift, Severity.CRITICAL, str(drift))

    def _raise(self, kind: AlertKind, drift: Drift, severity: Severity, message: str) -> None:
        subject = f"{drift.venue}:{drift.asset}"
        now_ns = self.clock.now_ns()
        self.alerts.raise_alert(
            Alert(kind=kind, subject=subject, severity=severity, message=message, at_ns=now_ns)
        )
