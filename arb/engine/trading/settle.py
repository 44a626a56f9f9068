"""What comes next for a trade after its orders: open, closed, or one order that evens its legs."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from arb.domain.errors import Conflict
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.halves import Tradable
from arb.domain.market.ids import ClientOrderId, SessionId, TradeId, Venue
from arb.domain.market.money import ZERO
from arb.domain.trading.evidence import Facts, repair_facts
from arb.domain.trading.position import trade_position
from arb.domain.trading.repair import Means, RepairRules, decided_rate
from arb.domain.trading.settlement import (
    VENUE_PAUSED,
    Become,
    Repair,
    Wait,
    is_stale,
    is_working,
    reopened,
    settle,
)
from arb.domain.trading.trade import ENDED, MOVING, Leg, Trade, TradeState
from arb.engine.market.fresh_market import FreshMarkets
from arb.engine.trading.at_end import SETTLE, rested
from arb.engine.trading.escalate import Escalate
from arb.engine.trading.intents import intents
from arb.engine.trading.value_fees import ValueFees
from arb.ports.market import Clock
from arb.ports.messaging import Counters, Dispatcher
from arb.ports.trading import TradeStore, TradeView

# Sends one intent at once: a leg that stands alone waits for no queue, and its price was read just now.
# Should we die before it is sent, a sweep finds the intent.
Place = Callable[[ClientOrderId], object]
LOOK_AGAIN_MS: Final = 300
LOOK_AGAIN_MS_MAX: Final = 5_000  # later than this a sweep has seen to it
LOOKS_MAX: Final = 20  # 6 s in all, then a sweep looks
LOOK_ONCE: Final = LOOKS_MAX  # the look that no other follows: of who comes again anyway


def _none_paused(_session_id: SessionId) -> frozenset[Venue]:
    """Return that no venue asked for a pause."""
    return frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """The use case behind `arb.settle_trade`; running it twice, or late, changes nothing."""

    trades: TradeStore
    markets: FreshMarkets
    dispatcher: Dispatcher
    counters: Counters
    escalate: Escalate
    clock: Clock
    rules: RepairRules
    order_lifetime_ns: int
    place: Place
    paused: Callable[[SessionId], frozenset[Venue]] = _none_paused
    value_fees: ValueFees = field(init=False)

    def __post_init__(self) -> None:
        valuing = ValueFees(
            trades=self.trades,
            markets=self.markets,
            counters=self.counters,
            alerts=self.escalate.alerts,
            clock=self.clock,
        )
        object.__setattr__(self, "value_fees", valuing)

    def run(self, trade_id: TradeId, look: int = LOOK_ONCE) -> Trade | None:
        """Settle one trade; return it as it is afterwards, None if there is nothing to settle.

        A trade that had ended before is none: messages about it may come many times.
        """
        view = self.trades.view(trade_id)
        if view is None:
            return None
        try:
            view = self.value_fees.run(view)
            if self._is_late(view):
                view = self._again(view)
            if view.trade.state in ENDED:
                return None
            trade, waits = self._act(view)
        except Conflict:  # somebody settled it at the same moment: look at what they did
            trade, waits = view.trade, True
        if waits and look < LOOKS_MAX:
            self._look_again(trade_id, look + 1)
        return trade

    def _is_late(self, view: TradeView) -> bool:
        """Tell whether a fill came after a trade had come to its rest. Raises: StoreUnavailable."""
        if view.trade.state in MOVING or is_working(view.orders):
            return False
        if is_stale(view.trade, view.orders):
            return True
        return view.trade.trade_id in self.trades.filled_late(view.trade.session_id)

    def _again(self, view: TradeView) -> TradeView:
        """Have a trade that was at rest settled once more. Raises: Conflict."""
        now_ns = self.clock.now_ns()
        self.counters.count("settled_again", view.trade.state)
        trade = self.trades.add_orders(reopened(view.trade, now_ns), ())
        message = (
            f"trade {trade.trade_id} was {view.trade.state}, and its venue told of a fill after that: "
            "its position and its profit are settled again"
        )
        self.escalate.alerts.raise_alert(
            Alert(
                kind=AlertKind.LATE_FILL,
                subject=trade.trade_id,
                severity=Severity.WARNING,
                message=message,
                at_ns=now_ns,
            )
        )
        return TradeView(trade, view.orders)

    def _act(self, view: TradeView) -> tuple[Trade, bool]:
        """Return the trade afterwards, and whether it waits for what may be there in a moment."""
        means = self._means(view)
        now_ns = self.clock.now_ns()  # venues may have been asked for their books
        decision = settle(view.trade, view.orders, means, self.rules, now_ns)
        match decision:
            case Wait(why):
                return self._wait(view.trade, why, now_ns)
            case Repair(leg) if means.market is not None and self.markets.is_fresh(means.market, now_ns):
                facts = repair_facts(means.market, leg, now_ns) | self.markets.limits.beliefs
                return self._repair(view, leg, facts, now_ns), False
            case Repair():
                return self._wait(view.trade, "market_old", now_ns)
            case Become():
                return self._become(view, decision, means.market, now_ns)

    def _means(self, view: TradeView) -> Means:
        """Return what the decision needs, and nothing is asked for in vain."""
        if is_working(view.orders):
            return Means(market=None, free={})
        is_even = trade_position(view.orders).imbalance == ZERO
        # The market last: it must not grow old while a database is slow.
        return Means(
            free={} if is_even else self.trades.free(view.trade.session_id),
            paused=frozenset() if is_even else self.paused(view.trade.session_id),
            market=self.markets.tradable(
                view.trade.coin,
                deep=not is_even,
                otherwise=decided_rate(view.trade, view.orders, self.markets.markets.pair),
            ),
        )

    def _wait(self, trade: Trade, why: str, now_ns: int) -> tuple[Trade, bool]:
        """Look again soon; an imbalance that cannot be repaired now runs against its time ceiling."""
        if why in ("order_working", "ended"):
            return trade, False
        self.counters.count("settle_waits", why)
        if why == VENUE_PAUSED:
            self.escalate.warn_paused(trade, now_ns)
        if not trade.repair_since_ns:
            trade = self.trades.add_orders(
                replace(trade, state=TradeState.REPAIRING, repair_since_ns=now_ns, updated_at_ns=now_ns), ()
            )
        return trade, True

    def _repair(self, view: TradeView, leg: Leg, facts: Facts, now_ns: int) -> Trade:
        trade = replace(
            view.trade,
            state=TradeState.REPAIRING,
            updated_at_ns=now_ns,
            repair_since_ns=view.trade.repair_since_ns or now_ns,
        )
        orders = intents((leg,), trade.trade_id, trade.coin, view.orders, now_ns, self.order_lifetime_ns)
        changed = self.trades.add_orders(trade, orders, facts)
        self.counters.count("repairs", leg.venue)
        self.place(orders[0].client_order_id)
        return changed

    def _become(
        self, view: TradeView, become: Become, market: Tradable | None, now_ns: int
    ) -> tuple[Trade, bool]:
        trade = view.trade
        if become.state is trade.state and become.residual == trade.residual:
            return trade, False
        if become.state is TradeState.ESCALATED:
            return self.escalate.run(view, become.reason), False
        if become.state is TradeState.CLOSED and market is None:
            return trade, True  # its worth needs a rate: close it when there is one
        changed = self.trades.add_orders(rested(view, become, market, self.markets.markets.pair, now_ns), ())
        return changed, False

    def _look_again(self, trade_id: TradeId, look: int) -> None:
        self.dispatcher.send(SETTLE, trade_id, look, countdown_ms=LOOK_AGAIN_MS, expires_ms=LOOK_AGAIN_MS_MAX)
