"""What keeps an exit back that would only leave a leg alone.

A venue that takes no orders now, money that is not there, or rejections of late. Waits are counted by why.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.money import ZERO
from arb.domain.market.spread import Market
from arb.domain.risk.review import Denied
from arb.domain.risk.stability import FAILING, Pace, StabilityRules, exit_pace, without
from arb.domain.strategy.port import OpenPair, Strategy
from arb.domain.trading.by_hand import BY_HAND, Decided, nothing_decided
from arb.domain.trading.coverage import covered
from arb.domain.trading.exits import (
    STOP_LOSS,
    Exits,
    cautious,
    earned_bps,
    exits_so_far,
    is_resting,
    is_sendable_pair,
    probing,
)
from arb.domain.trading.position import TradePosition, trade_position
from arb.domain.trading.reserve import hold_of
from arb.domain.trading.trade import Leg, Trade
from arb.engine.trading.held_exits import HeldExits
from arb.engine.trading.stability import Stability
from arb.ports.messaging import AlertSink, Counters
from arb.ports.trading import TradeStore, TradeView

TOLD_FROM: Final = 3  # exits that left a leg alone
UNPAID_NS: Final = 1_000_000_000  # balances are not looked at again before

Asset = tuple[Venue, str]


def held_of(
    view: TradeView, position: TradePosition, quantity: Decimal, market: Market, now_ns: int
) -> OpenPair:
    """Return an open pair as a strategy judges it."""
    return OpenPair(
        trade=view.trade,
        position=position,
        orders=view.orders,
        quantity=quantity,
        market=market,
        now_ns=now_ns,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitGuard:
    """One process's view of which exits can be tried now. The pair stays hedged meanwhile."""

    session_id: SessionId
    trades: TradeStore
    counters: Counters
    alerts: AlertSink
    hole_ns_max: int  # how long a stop-loss waits for a book to be whole
    by_hand: Callable[[], Decided] = nothing_decided
    _unpaid_at_ns: dict[Asset, int] = field(default_factory=dict)
    _held: HeldExits = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_held", HeldExits(self.alerts))

    def reason(
        self,
        view: TradeView,
        position: TradePosition,
        quantity: Decimal,
        market: Market,
        strategy: Strategy,
        now_ns: int,
    ) -> str | None:
        """Return why this much of a pair should be closed: by its strategy, or by hand.

        Raises: StoreUnavailable.
        """
        trade = view.trade
        found = strategy.exit(held_of(view, position, quantity, market, now_ns))
        request = self.by_hand().closing.get(trade.trade_id) if found is None else None
        if request is None or not request.holds(now_ns):
            return found
        enough = earned_bps(trade, position, quantity, market) >= request.earned_bps_min
        if not enough:
            self.waits("by_hand_price")
        return BY_HAND if enough else None

    def pace(
        self, view: TradeView, reason: str, stability: Stability, rules: StabilityRules, now_ns: int
    ) -> Pace | None:
        """Return how the venues' health lets this exit go, None to wait. Raises: StoreUnavailable."""
        since_ns = now_ns - rules.window_ns
        found = exit_pace(without(stability.healths(), view.orders, since_ns), reason, rules, now_ns)
        if not isinstance(found, Denied):  # others may have begun one within the second that is known
            healths = without(stability.healths_now(), view.orders, since_ns)
            found = exit_pace(healths, reason, rules, now_ns)
        if not isinstance(found, Denied):
            return found
        self.waits(found.reason)
        self._held.note(view.trade, reason, found.reason, now_ns)
        if found.reason.startswith(FAILING) and self._held.forces(view.trade, reason, now_ns):
            patient = exit_pace(stability.healths_now(), reason, replace(rules, circuit_ns=0), now_ns)
            return None if isinstance(patient, Denied) else Pace.SMALL
        return None

    def passes_hole(self, trade: Trade, reason: str, why: str, now_ns: int) -> bool:
        """Tell whether an exit is sent into a book that is too thin or too wide: a stop-loss at last.

        A hole is over within seconds, or it is what the market has come to.
        """
        self.waits(why)
        self._held.note(trade, reason, why, now_ns)
        return reason == STOP_LOSS and self._held.in_hole_ns(trade, now_ns) >= self.hole_ns_max

    def waits(self, why: str) -> None:
        """Count an exit that is due and not begun."""
        self.counters.count("exit_waits", why)

    def size(
        self,
        view: TradeView,
        position: TradePosition,
        wanted: Decimal,
        market: Market,
        reason: str,
        pace: Pace,
        now_ns: int,
    ) -> Decimal:
        """Return how much of the wanted exit to try now, 0 to wait."""
        exits = exits_so_far(view.orders)
        if is_resting(exits, now_ns, reason):
            self.waits("resting")
            return ZERO
        if exits.lone >= TOLD_FROM:
            self._tell_of_rejections(view.trade, exits, now_ns)
        if pace is Pace.SMALL:
            return probing(wanted, position, market)
        return cautious(wanted, position, exits, market)

    def part(
        self, view: TradeView, active: Iterable[TradeView], legs: Sequence[Leg], market: Market, now_ns: int
    ) -> Decimal:
        """Return how much of an exit free balances pay for; all of it where that is too little to be sent.

        Raises: StoreUnavailable.
        """
        wanted, coin = legs[0].quantity, view.trade.coin
        if self._is_unpaid(((leg.venue, hold_of(leg, coin)[0]) for leg in legs), now_ns):
            return wanted
        others = [trade_position(each.orders) for each in active if each is not view]
        step = max(market.instrument(venue).lot_step for venue in market.venues)
        free = self.trades.free(self.session_id)
        found = covered(trade_position(view.orders), others, legs, coin, free, step)
        return found if is_sendable_pair(found, market) else wanted

    def _is_unpaid(self, assets: Iterable[Asset], now_ns: int) -> bool:
        return any(0 <= now_ns - self._unpaid_at_ns.get(asset, 0) < UNPAID_NS for asset in assets)

    def pays(self, trade: Trade, legs: Sequence[Leg], now_ns: int) -> bool:
        """Tell whether free balances pay for both legs. Raises: StoreUnavailable."""
        holds = [(leg.venue, *hold_of(leg, trade.coin)) for leg in legs]
        needs = {(venue, asset): amount for venue, asset, amount in holds}
        if self._is_unpaid(needs, now_ns):
            return False
        free = self.trades.free(self.session_id)
        lacking = {asset: need for asset, need in needs.items() if free.get(asset, ZERO) < need}
        for asset in lacking:
            self._unpaid_at_ns[asset] = now_ns
        if lacking:
            self.waits("balance")
            self._tell_of_balances(trade.coin, lacking, free, now_ns)
        return not lacking

    def _tell_of_rejections(self, trade: Trade, exits: Exits, now_ns: int) -> None:
        message = (
            f"one leg of {trade.coin} trade {trade.trade_id} was not executed in {exits.lone} exits; the "
            "pair stays hedged and is tried again with less, after growing pauses"
        )
        self._tell(AlertKind.EXIT_REFUSED, trade.trade_id, message, now_ns)

    def _tell_of_balances(
        self, coin: Coin, lacking: Mapping[Asset, Decimal], free: Mapping[Asset, Decimal], now_ns: int
    ) -> None:
        for (venue, name), need in lacking.items():
            there = free.get((venue, name), ZERO)
            message = f"closing {coin} needs {need:f} {name} on {venue}, {there:f} is free: it stays open"
            self._tell(AlertKind.EXIT_UNPAID, f"{venue} {name}", message, now_ns)

    def _tell(self, kind: AlertKind, subject: str, message: str, now_ns: int) -> None:
        self.alerts.raise_alert(
            Alert(kind=kind, subject=subject, severity=Severity.WARNING, message=message, at_ns=now_ns)
        )
