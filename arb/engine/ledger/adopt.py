"""Open orders at the venues against our rows: what is somebody else's is adopted, and never touched."""

from collections.abc import Mapping
from dataclasses import dataclass

from arb.domain.errors import VenueError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.trading.external import ListedOrder
from arb.engine.trading.halt import halt
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink
from arb.ports.trading import ExternalOrderStore, SessionStore, TradeStore, VenueClient


@dataclass(frozen=True, slots=True)
class Adopted:
    """What is open at the venues besides the orders that we know."""

    foreign: tuple[ListedOrder, ...]
    without_intent: tuple[ListedOrder, ...]  # must never happen
    complete: bool  # False where a venue could not be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Lists the open orders of every venue and sorts them."""

    session_id: SessionId
    trades: TradeStore
    sessions: SessionStore
    external: ExternalOrderStore
    venues: Mapping[Venue, VenueClient]
    alerts: AlertSink
    clock: Clock

    def run(self) -> Adopted:
        """Adopt what is new, alarm once for each; halt on an order of ours that has no intent."""
        foreign: list[ListedOrder] = []
        without_intent: list[ListedOrder] = []
        complete = True
        for venue, client in self.venues.items():
            try:
                listed = client.open_orders()
            except VenueError:
                complete = False
                continue
            theirs = [order for order in listed if not order.is_ours]
            for order in self.external.adopt(self.session_id, venue, theirs, self.clock.now_ns()):
                self._alarm(
                    AlertKind.EXTERNAL_ORDER, order, Severity.WARNING, "is not ours: adopted and left alone"
                )
            foreign += theirs
            without_intent += [order for order in listed if order.is_ours and self._has_no_row(order)]
        self._halt_on(without_intent)
        return Adopted(tuple(foreign), tuple(without_intent), complete)

    def _has_no_row(self, order: ListedOrder) -> bool:
        return self.trades.order(order.client_order_id) is None

    def _halt_on(self, without_intent: list[ListedOrder]) -> None:
        if not without_intent:
            return
        for order in without_intent:
            self._alarm(
                AlertKind.ORDER_WITHOUT_INTENT,
                order,
                Severity.CRITICAL,
                "has no intent here: trading is halted",
            )
        reason = reason_text(Cause.WITHOUT_INTENT, str(without_intent[0]))
        halt(self.sessions, self.session_id, reason, self.clock.now_ns())

    def _alarm(self, kind: AlertKind, order: ListedOrder, severity: Severity, what: str) -> None:
        self.alerts.raise_alert(
            Alert(
                kind=kind,
                subject=f"{order.venue}:{order.client_order_id or order.venue_order_id}",
                severity=severity,
                message=f"{order}, {order.status} with {order.executed:f} executed, {what}",
                at_ns=self.clock.now_ns(),
            )
        )
