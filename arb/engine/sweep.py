"""The row is the truth and a message only a hint: what is overdue is sent, asked about or settled again."""

from dataclasses import dataclass
from typing import Final

from arb.domain.ids import SessionId
from arb.domain.order import Order, State
from arb.domain.trade import TradeState
from arb.ports import Clock, Counters, Dispatcher, TradeStore

MOVING: Final = (TradeState.OPENING, TradeState.CLOSING, TradeState.REPAIRING)
INTENT_NS_MAX: Final = 1_500_000_000  # its message was lost; sent again while the intent still lives
# The next sweep sends it again: while nobody works, messages of a few sweeps are waiting and not a heap.
MESSAGE_MS_MAX: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The use case behind `arb.sweep_orders`."""

    session_id: SessionId
    trades: TradeStore
    dispatcher: Dispatcher
    counters: Counters
    clock: Clock
    overdue_ns: int

    def run(self) -> int:
        """Re-send what did not move for too long; return how many messages that took."""
        now_ns = self.clock.now_ns()
        self.trades.book_moves(self.session_id, now_ns)
        before_ns = now_ns - self.overdue_ns
        sent = 0
        for order in self._overdue(now_ns):
            task = "arb.place_order" if order.state is State.INTENT else "arb.resolve_order"
            self.counters.count("swept_orders", order.state)
            self.dispatcher.send(task, order.client_order_id, expires_ms=MESSAGE_MS_MAX)
            sent += 1
        for view in self.trades.active(self.session_id):
            trade = view.trade
            stuck = trade.state in MOVING and all(order.is_terminal for order in view.orders)
            if stuck and trade.updated_at_ns < before_ns:
                self.counters.count("swept_trades", trade.state)
                self.dispatcher.send("arb.settle_trade", trade.trade_id, expires_ms=MESSAGE_MS_MAX)
                sent += 1
        return sent

    def _overdue(self, now_ns: int) -> tuple[Order, ...]:
        """Return what did not move for too long; that is sooner for an intent, which nobody sent yet."""
        young = self.trades.overdue(self.session_id, now_ns - INTENT_NS_MAX)
        old = self.trades.overdue(self.session_id, now_ns - self.overdue_ns)
        return (
            *(order for order in young if order.state is State.INTENT),
            *(order for order in old if order.state is not State.INTENT),
        )
