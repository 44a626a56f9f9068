"""The row is the truth and a message only a hint: what is overdue is sent, asked about, settled, told."""

from dataclasses import dataclass
from typing import Final, Protocol

from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_S, STAMP_AHEAD_NS_MAX, is_current
from arb.domain.trading.order import AT_VENUE, Order, OrderState
from arb.domain.trading.trade import MOVING
from arb.engine.trading.escalate import alarm_of
from arb.engine.trading.execute import ASK_FEES
from arb.engine.trading.held_pairs import HeldPairs
from arb.engine.trading.lone_legs import LoneLegs
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters, Dispatcher
from arb.ports.trading import TradeStore, TradeView

INTENT_NS_MAX: Final = 1_500_000_000  # its message was lost; sent again while the intent still lives
ENDED_NS_MAX: Final = 1_500_000_000  # all orders are over and nobody settled: that message was lost
OUTCOME_NS_MAX: Final = 60_000_000_000  # what became of an order is not known for longer: alarmed
# The next sweep sends it again: while nobody works, messages of a few sweeps are waiting and not a heap.
MESSAGE_MS_MAX: Final = 5_000
ARCHIVED_NS: Final = 300 * NS_PER_S  # after the last change: late fills come within seconds
FEES_ASKED_MAX: Final = 5  # orders in one sweep: a question each, and venues count them
UNVALUED_MAX: Final = 20  # trades in one sweep whose fees nobody could value yet


class RepeatingAlertSink(AlertSink, Protocol):
    """Can also say again what perhaps nobody has heard."""

    def repeat_alert(self, alert: Alert) -> None:
        """Deliver an alert of which no row tells, unless it may be under way; never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSweep:
    """The use case behind `arb.sweep_orders`."""

    session_id: SessionId
    trades: TradeStore
    dispatcher: Dispatcher
    counters: Counters
    alerts: RepeatingAlertSink
    clock: Clock
    overdue_ns: int
    lone_legs: LoneLegs
    held_pairs: HeldPairs

    def run(self) -> int:
        """Re-send what did not move for too long; return how many messages that took."""
        now_ns = self.clock.now_ns()
        self.trades.book_moves(self.session_id, now_ns)
        self._tell_again(now_ns)
        self.lone_legs.run()
        self.trades.archive(self.session_id, now_ns - ARCHIVED_NS)
        overdue = self._overdue(now_ns)
        for order in overdue:
            self._alarm_if_long(order, now_ns)
        for order in overdue:
            task = "arb.place_order" if order.state is OrderState.INTENT else "arb.resolve_order"
            self.counters.count("swept_orders", order.state)
            self.dispatcher.send(task, order.client_order_id, expires_ms=MESSAGE_MS_MAX)
        unsettled = self._unsettled(now_ns)
        for view in unsettled:
            self.counters.count("swept_trades", view.trade.state)
            self.dispatcher.send("arb.settle_trade", view.trade.trade_id, expires_ms=MESSAGE_MS_MAX)
        for trade_id in self.trades.filled_late(self.session_id):
            self.counters.count("swept_trades", "filled_late")
            self.dispatcher.send("arb.settle_trade", trade_id, expires_ms=MESSAGE_MS_MAX)
        for trade_id in self.trades.unvalued(self.session_id, UNVALUED_MAX):
            self.counters.count("swept_trades", "fee_unvalued")
            self.dispatcher.send("arb.settle_trade", trade_id, expires_ms=MESSAGE_MS_MAX)
        for client_order_id in self.trades.fees_assumed(self.session_id, FEES_ASKED_MAX):
            self.counters.count("swept_orders", "fee_assumed")
            self.dispatcher.send("arb.resolve_order", client_order_id, ASK_FEES, expires_ms=MESSAGE_MS_MAX)
        self.held_pairs.run()  # last: it may wait for a venue's rules
        return len(overdue) + len(unsettled)

    def _tell_again(self, now_ns: int) -> None:
        """Alarm for trades whose alarm never reached its row: who handed them over died, or SQL was away."""
        for trade in self.trades.untold(self.session_id, now_ns - self.overdue_ns):
            self.counters.count("swept_trades", trade.state)
            self.alerts.repeat_alert(alarm_of(trade, now_ns))

    def _overdue(self, now_ns: int) -> tuple[Order, ...]:
        """Return what did not move for too long; that is sooner for an intent, which nobody sent yet."""
        ahead_ns = now_ns + STAMP_AHEAD_NS_MAX
        young = self.trades.overdue(self.session_id, now_ns - INTENT_NS_MAX, ahead_ns)
        old = self.trades.overdue(self.session_id, now_ns - self.overdue_ns, ahead_ns)
        return (
            *(order for order in young if order.state is OrderState.INTENT),
            *(order for order in old if order.state is not OrderState.INTENT),
        )

    def _unsettled(self, now_ns: int) -> list[TradeView]:
        """Return the trades that nothing at a venue holds up."""
        return [
            view
            for view in self.trades.active(self.session_id)
            if view.trade.state in MOVING
            and not is_current(view.trade.updated_at_ns, now_ns, ENDED_NS_MAX)
            and all(order.is_terminal for order in view.orders)
        ]

    def _alarm_if_long(self, order: Order, now_ns: int) -> None:
        """Alarm here and not where the venue is asked: that may fail in any way, or nobody may do it."""
        if order.state in AT_VENUE and not is_current(order.claimed_at_ns, now_ns, OUTCOME_NS_MAX):
            self.alerts.raise_alert(
                Alert(
                    kind=AlertKind.ORDER_UNKNOWN,
                    subject=order.client_order_id,
                    severity=Severity.CRITICAL,
                    message=f"{order.venue} has not said for a minute what became of {order.side} "
                    f"{order.quantity:f} {order.symbol} ({order.state}, {order.filled_quantity:f} known "
                    "to be filled); its trade waits",
                    at_ns=now_ns,
                )
            )
