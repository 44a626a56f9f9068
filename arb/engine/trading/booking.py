"""What a venue says of an order, recorded; what cannot be halts trading, before anything of it is booked."""

from dataclasses import dataclass

from arb.domain.errors import Fatal
from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.trading.order import Order, OrderReport, overfill, overfill_told
from arb.engine.trading.halt import fatal_alarm, halt, overfill_alarm
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters
from arb.ports.trading import SessionStore, TradeStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """Records replies and answers to queries of one session's orders."""

    session_id: SessionId
    trades: TradeStore
    sessions: SessionStore
    counters: Counters
    alerts: AlertSink
    clock: Clock

    def record(self, known: Order, report: OrderReport) -> Order:
        """Record what the venue says; more than can be halts first, for we may die once it is booked."""
        if excess := overfill_told(known, report):
            self.halt_on(known, f"{excess:f} {known.symbol} more than it proves")
            return self.book(known, report)
        order = self.book(known, report)
        if excess := overfill(order, report):
            self.halt_on(order, f"{excess:f} {order.symbol} more than it proves")
        return order

    def book(self, known: Order, report: OrderReport) -> Order:
        """Record what the venue says, whatever it is."""
        return self.trades.record(report, self.clock.now_ns(), known)

    def halt_on(self, order: Order, what: str) -> None:
        """More was executed than can be: it is not booked, and a person looks before anything goes on."""
        now_ns = self.clock.now_ns()
        self.counters.count("orders_overfilled", order.venue)
        halt(self.sessions, self.session_id, reason_text(Cause.OVERFILLED, order.client_order_id), now_ns)
        self.alerts.raise_alert(overfill_alarm(order, what, now_ns))

    def halt_for(self, error: Fatal) -> None:
        """Every later request will be rejected as this one was: halt, and say what to do."""
        now_ns = self.clock.now_ns()
        halt(self.sessions, self.session_id, reason_text(Cause.VENUE_FATAL, str(error)), now_ns)
        self.alerts.raise_alert(fatal_alarm(error, now_ns))
