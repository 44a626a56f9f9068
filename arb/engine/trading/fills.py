"""What user streams say of our orders: booked once, and never believed beyond what it proves.

Streams lose, repeat and reorder events and replay none; asking the venue is the safety net. So an event
is recorded as far as the fills we know bear it out, and wherever it shows that some are missing, the
venue is asked. Both paths end in `arb.domain.trading.order.fold`, which books each fill by the venue's own
id.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Protocol

from arb.domain.errors import DispatchError, IllegalTransition, StoreError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import ClientOrderId, SessionId, TradeId, Venue, parse_client_order_id
from arb.domain.market.money import ZERO
from arb.domain.trading.order import (
    AT_VENUE,
    Order,
    OrderReport,
    OrderState,
    fold,
    overfill,
    overfill_told,
    says_accepted_only,
)
from arb.engine.market.stream import Notice
from arb.engine.trading.at_end import SETTLE, Ended
from arb.engine.trading.execute import FIRST_ASK, VERIFY
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters, Dispatcher
from arb.ports.trading import TradeStore

# A report of one of these ends an order whatever its fills; FILLED ends it by its fills only.
ENDS: Final = frozenset({OrderState.CANCELED, OrderState.EXPIRED, OrderState.REJECTED})
REPORTS: Final = "stream_reports"
RECENT_MAX: Final = 256  # orders; the events of one come within seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedReport:
    """One event: what it proves of an order, and how much the venue says was executed in all."""

    venue: Venue
    report: OrderReport
    executed: Decimal  # base


class UserStream(Protocol):
    """A venue's user stream, without the socket."""

    venue: Venue
    keep_alive: str  # text whose answer proves that the subscription stands

    def headers(self) -> Mapping[str, str]:
        """Return what the handshake of the next connection must carry."""

    def opened(self) -> Sequence[str]:
        """Return the messages to send on a new connection."""

    def read(self, frame: bytes) -> StreamedReport | Notice:
        """Return what a frame says. Raises: DataError to drop it, Rejected if the venue rejects us."""


def _borne_out(order: Order, streamed: StreamedReport) -> OrderReport:
    """Return the report with no more of an end than the known fills and its own bear out.

    An order that ended without its fills would never be asked about again, and they would be lost.
    """
    report = replace(streamed.report, executed=streamed.executed)
    quantities = {fill.fill_id: fill.quantity for fill in (*order.fills, *report.fills)}
    if report.status not in ENDS or sum(quantities.values(), ZERO) >= streamed.executed:
        return report
    return replace(
        report, status=OrderState.PARTIALLY_FILLED if report.fills else OrderState.ACCEPTED, reason=""
    )


def _is_known(order: Order, report: OrderReport) -> bool:
    """Tell whether a report says no more than is booked; that stays so, whatever is booked since."""
    return order.state is not OrderState.INTENT and fold(order, report).order == order


@dataclass(frozen=True, slots=True)
class Recent:
    """What was last known of a few orders: enough to see that an event tells nothing new."""

    orders: dict[ClientOrderId, Order] = field(default_factory=dict)

    def keep(self, order: Order) -> None:
        """Keep this order and forget the oldest one beyond a few."""
        self.orders.pop(order.client_order_id, None)
        self.orders[order.client_order_id] = order
        for oldest in list(self.orders)[:-RECENT_MAX]:
            self.orders.pop(oldest, None)

    def knows(self, streamed: StreamedReport) -> Order | None:
        """Return the order of an event that says no more than was booked; that stays so for good."""
        order = self.orders.get(streamed.report.client_order_id)
        if order is None or order.filled_quantity < streamed.executed:
            return None
        report = _borne_out(order, streamed)
        is_more = overfill_told(order, report) or overfill(order, report)
        return order if not is_more and _is_known(order, report) else None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Events that say only that an order was accepted, for a moment: mostly the next one says more."""

    soon: Callable[[], object]  # has `RecordReport.flush` called in a moment
    events: dict[ClientOrderId, StreamedReport] = field(default_factory=dict)

    def keep(self, streamed: StreamedReport) -> None:
        """Keep an event until it is flushed."""
        self.events[streamed.report.client_order_id] = streamed
        self.soon()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReport:
    """The use case behind a user stream's events; an event that cannot be recorded is asked about."""

    trades: TradeStore
    dispatcher: Dispatcher
    counters: Counters
    alerts: AlertSink
    clock: Clock
    ended: Ended
    is_mine: Callable[[TradeId], bool] = lambda _trade: True  # not of a group that hears of it itself
    held: HeldBack | None = None
    recent: Recent = field(default_factory=Recent)

    def run(self, streamed: StreamedReport) -> Order | None:
        """Record one event, or hold it back; return the order afterwards, None if nothing was recorded."""
        if self.held is not None:
            if says_accepted_only(streamed.report) and not streamed.executed:
                self.held.keep(streamed)
                return None
            self.held.events.pop(streamed.report.client_order_id, None)
        return self._take(streamed)

    def flush(self) -> None:
        """Record what was held back and of which nothing more was heard."""
        events = {} if self.held is None else self.held.events
        for client_order_id in list(events):
            if (streamed := events.pop(client_order_id, None)) is not None:
                self._take(streamed)

    def _take(self, streamed: StreamedReport) -> Order | None:
        name = parse_client_order_id(streamed.report.client_order_id)
        if name is None or name[1] is not streamed.venue:
            self._alarm(streamed, AlertKind.EXTERNAL_ORDER, "is not ours", Severity.WARNING)
            return None
        try:
            return self._record(streamed) if self.is_mine(name[0]) else None
        except IllegalTransition as error:
            self._alarm(streamed, AlertKind.ORDER_CONTRADICTION, str(error))
        except StoreError:
            self._count(streamed, "store_unavailable")
            self._send("arb.resolve_order", streamed.report.client_order_id)
        return None

    def _record(self, streamed: StreamedReport) -> Order | None:
        if (order := self.recent.knows(streamed)) is not None:
            self._count(streamed, "known")
            return order
        known = self.trades.order(streamed.report.client_order_id)
        if known is None:
            self._alarm(streamed, AlertKind.ORDER_WITHOUT_INTENT, "has no intent here")
            return None
        self._look_for_contradiction(known, streamed)
        report = _borne_out(known, streamed)
        told = overfill_told(known, report)
        if told:  # first: we may die once it is booked
            self._halt_on(streamed, told)
        is_known = not told and _is_known(known, report)
        order = known if is_known else self.trades.record(report, self.clock.now_ns(), known)
        self._count(streamed, "known" if is_known else "recorded")
        self.recent.keep(order)
        if not told and (excess := overfill(order, report)):
            self._halt_on(streamed, excess)
        if order.filled_quantity < streamed.executed:
            self._ask_for_fills(order, streamed)
        if order.is_terminal and order != known:  # what is no news was settled by who heard it first
            self._settle(order)
        return order

    def _halt_on(self, streamed: StreamedReport, excess: Decimal) -> None:
        self._alarm(
            streamed,
            AlertKind.ORDER_OVERFILLED,
            f"more by {excess:f} than it proves: not booked, trading halts",
        )
        self._send("arb.resolve_order", streamed.report.client_order_id, VERIFY)

    def _look_for_contradiction(self, known: Order, streamed: StreamedReport) -> None:
        """The venue has an order that we believe was never placed: alarm, and never send it again."""
        if known.state is OrderState.INTENT:
            self.trades.claim(known.client_order_id, self.clock.now_ns())
        elif not known.is_terminal or known.venue_order_id is not None:
            return
        if streamed.report.status is not OrderState.REJECTED:
            self._alarm(
                streamed, AlertKind.ORDER_CONTRADICTION, f"was {known.state} before the venue reported it"
            )

    def _ask_for_fills(self, order: Order, streamed: StreamedReport) -> None:
        """Fills are missing: ask for them, or alarm where an ended order is not asked about any more."""
        self._count(streamed, "fills_missing")
        if order.is_terminal:
            self._alarm(streamed, AlertKind.FILLS_MISSING, f"ended with {order.filled_quantity:f} filled")
        else:
            self._send("arb.resolve_order", order.client_order_id, FIRST_ASK)

    def _settle(self, order: Order) -> None:
        try:
            self.ended(order)
        except DispatchError:  # a sweep finds a trade whose orders are over
            self.counters.count("stream_dispatch_failed", SETTLE)

    def _send(self, task: str, *args: str | int) -> None:
        try:
            self.dispatcher.send(task, *args)
        except DispatchError:  # a sweep finds what is overdue
            self.counters.count("stream_dispatch_failed", task)

    def _count(self, streamed: StreamedReport, what: str) -> None:
        self.counters.count(REPORTS, f"{streamed.venue}_{what}")

    def _alarm(
        self, streamed: StreamedReport, kind: AlertKind, what: str, severity: Severity = Severity.CRITICAL
    ) -> None:
        self._count(streamed, kind)
        report = streamed.report
        self.alerts.raise_alert(
            Alert(
                kind=kind,
                subject=f"{streamed.venue}:{report.client_order_id or report.venue_order_id}",
                severity=severity,
                message=f"{streamed.venue} order {report.client_order_id} ({report.venue_order_id}), "
                f"{report.status} with {streamed.executed:f} executed, {what}",
                at_ns=self.clock.now_ns(),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """Once a new subscription stands: nothing is replayed, so ask about every order at the venue."""

    session_id: SessionId
    trades: TradeStore
    dispatcher: Dispatcher
    counters: Counters

    def run(self, venue: Venue) -> int:
        """Return how many orders are asked about; what cannot be asked now, a sweep asks later."""
        asked = 0
        try:
            for order in self.trades.live(self.session_id):
                if order.venue is venue and order.state in AT_VENUE:
                    self.dispatcher.send("arb.resolve_order", order.client_order_id)
                    asked += 1
        except (StoreError, DispatchError) as error:
            self.counters.count("stream_catch_up_failed", f"{venue}_{type(error).__name__.lower()}")
        return asked
