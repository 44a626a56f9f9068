"""One intent, at most one order: claim, send, record; and ask, whenever the answer did not come."""

from dataclasses import dataclass, field
from functools import partial
from typing import Final, assert_never

from arb.domain.errors import (
    AgainstRules,
    Fatal,
    MarketBarred,
    OutcomeUnknown,
    Rejected,
    Retryable,
    VenueError,
)
from arb.domain.health.backoff import ORDER_BACKOFF, RESOLVE_BACKOFF
from arb.domain.market.ids import ClientOrderId, SessionId, Venue
from arb.domain.time import NS_PER_MS, is_current, is_within
from arb.domain.trading.order import Order, OrderEvent, OrderReport, OrderState, says_accepted_only
from arb.engine.market.bars import BarMarket
from arb.engine.market.rules import RereadRules
from arb.engine.trading.at_end import Ended
from arb.engine.trading.booking import Booking
from arb.engine.trading.clearance import COMMITTED, Clearance
from arb.engine.trading.correct_fees import correct_fees
from arb.engine.trading.kill_gate import KillGate
from arb.engine.trading.stability import VenueHealthStore
from arb.ports.market import Clock, Entropy
from arb.ports.messaging import AlertSink, Counters, Dispatcher
from arb.ports.trading import (
    Meanwhile,
    NeverPlaced,
    NotFoundYet,
    Ready,
    SessionStore,
    TradeStore,
    VenueClient,
    nothing_else,
)

FOLLOW_MS: Final = (15, 30, 60, 120, 240)  # a venue may answer `wait` first; most results are there by 50 ms
WORKING_MS_MAX: Final = 2_000  # an IOC order that still works after this is cancelled
# The attempt that no other follows: of messages from sweeps and of what streams catch up with. Who sent the
# order, misses a fill or starts asks in a chain that ends: however long a venue is away, one order costs no
# more than its sweeps.
ASK_ONCE: Final = RESOLVE_BACKOFF.attempts_max
FIRST_ASK: Final = 0
ASK_FEES: Final = -2  # it is over, and its venue had not named a fee: ask for that alone
VERIFY: Final = -1  # a stream said more than can be: halt, and have the venue say what is


class _TakenBack(Exception):
    """The kill switch was pulled before it was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execute:
    """The use cases behind `arb.place_order` and `arb.resolve_order`."""

    session_id: SessionId
    trades: TradeStore
    sessions: SessionStore
    venues: dict[Venue, VenueClient]
    dispatcher: Dispatcher
    counters: Counters
    alerts: AlertSink
    clock: Clock
    entropy: Entropy
    gate: KillGate
    overdue_ns: int
    health: VenueHealthStore
    reread_rules: RereadRules
    bar_market: BarMarket
    ended: Ended
    booking: Booking = field(init=False)

    def __post_init__(self) -> None:
        booking = Booking(
            session_id=self.session_id,
            trades=self.trades,
            sessions=self.sessions,
            counters=self.counters,
            alerts=self.alerts,
            clock=self.clock,
        )
        object.__setattr__(self, "booking", booking)

    def place(self, client_order_id: ClientOrderId) -> Order | None:
        """Send one intent at most once, and follow it to its end where that takes a moment only.

        Returns the order as it is afterwards, None if it does not exist.
        """
        if self.gate.denies(client_order_id):
            return self._stopped(client_order_id)
        order = self.trades.claim(client_order_id, self.clock.now_ns())
        if order is None:
            return self.trades.order(client_order_id)
        return self._ended(order) if order.is_terminal else self.send(order)

    def ready(self, order: Order) -> Ready | None:
        """Return what sends an order that is being claimed, None where it cannot be got ready at once."""
        try:
            return self.venues[order.venue].ready(order)
        except VenueError:  # who sends it meets it again
            return None

    def send(
        self,
        order: Order,
        clearance: Clearance = COMMITTED,
        ready: Ready | None = None,
        leaving: Meanwhile = nothing_else,
    ) -> Order | None:
        """Send an order under a claim of the caller's once that is committed, and follow it as above.

        The kill switch is read once more: its file, after the commit and right before the bytes. Then
        `leaving` is called. Raises: NotCommitted.
        """
        try:
            report = self._placed(order, clearance, ready, leaving)
        except _TakenBack:
            return self._stopped(order.client_order_id)
        except Retryable as error:
            clearance.await_commit()
            return self._again(order, error)
        except OutcomeUnknown as error:
            return self._lost(order, error)
        except (Rejected, Fatal) as error:
            clearance.await_commit()
            return self._rejected(order, error)
        if says_accepted_only(report):
            return self._follow(order, FIRST_ASK, report)
        return self._follow(self.booking.record(order, report), FIRST_ASK)

    def _placed(
        self, order: Order, clearance: Clearance, ready: Ready | None, leaving: Meanwhile
    ) -> OrderReport:
        if ready is not None:
            return ready(partial(self._clear, order, clearance, leaving))
        place = self.venues[order.venue].place
        if not clearance.is_granted:
            return place(order, partial(self._clear, order, clearance))
        self._clear(order, clearance)
        return place(order)

    def _clear(self, order: Order, clearance: Clearance, leaving: Meanwhile = nothing_else) -> None:
        """Let an order go that is ready. Raises: NotCommitted, Retryable, _TakenBack; then it is not sent."""
        clearance.await_commit()
        if self.gate.takes_back(order):
            raise _TakenBack
        if not order.is_alive(self.clock.now_ns()):
            raise Retryable(order.venue, f"{order.client_order_id}: lifetime over before it was sent")
        leaving()

    def resolve(self, client_order_id: ClientOrderId, attempt: int = ASK_ONCE) -> Order | None:
        """Ask the venue what became of an order; nothing but its proof moves an UNKNOWN.

        A few attempts follow one another within seconds, then sweeps ask until there is proof.
        """
        order = self.trades.order(client_order_id)
        if order is not None and attempt == VERIFY:
            return self._verify(order)
        if order is not None and attempt == ASK_FEES:
            correct_fees(order, self.venues[order.venue], self.trades, self.counters, self.clock)
            return order
        if order is None or order.is_terminal:
            return order
        if order.state is OrderState.INTENT:
            self.dispatcher.send("arb.place_order", client_order_id)
            return order
        if order.state is OrderState.SUBMITTED and not self._give_up_sender(order):
            return order
        try:
            return self._ask(order, attempt)
        except VenueError as error:
            self.counters.count("venue_errors", f"{error.venue}_{type(error).__name__.lower()}")
            self._ask_later(order, attempt)
            self._note_pause(order.venue, error, self.clock.now_ns())
            if isinstance(error, Fatal):
                self.booking.halt_for(error)
            return order

    def _stopped(self, client_order_id: ClientOrderId) -> Order | None:
        """The kill switch ended it, or keeps it an intent until more is known of its other leg."""
        order = self.trades.order(client_order_id)
        return self._ended(order) if order is not None and order.is_terminal else order

    def _again(self, order: Order, error: Retryable) -> Order:
        """Proven that nothing was placed: give the claim back and come again, or end it if that is in vain.

        It is in vain when the attempts are used up or the next one would come after the lifetime: ended now,
        its trade is settled now, instead of when the lifetime is over.
        """
        self.counters.count("order_retries", f"{order.venue}_{type(error).__name__.lower()}")
        delay_ms = max(error.retry_after_ms, ORDER_BACKOFF.delay_ms(order.attempts - 1, self.entropy.draw()))
        now_ns = self.clock.now_ns()
        is_last = order.attempts >= ORDER_BACKOFF.attempts_max
        self._note_pause(order.venue, error, now_ns)
        if is_last or now_ns + delay_ms * NS_PER_MS >= order.expires_at_ns:
            return self._end(order, OrderEvent.EXPIRE, f"not sent after {order.attempts} attempts: {error}")
        if self.trades.release(order.client_order_id, order.fence, str(error), now_ns):
            self.dispatcher.send("arb.place_order", order.client_order_id, countdown_ms=delay_ms)
        return order

    def _note_pause(self, venue: Venue, error: VenueError, now_ns: int) -> None:
        """A venue that asked to be left alone gets no new entries from any process until then."""
        if error.pause_ms > 0:
            until_ns = now_ns + error.pause_ms * NS_PER_MS
            self.health.pause(self.session_id, venue, until_ns, str(error))

    def _lost(self, order: Order, error: OutcomeUnknown) -> Order:
        self.counters.count("orders_unknown", order.venue)
        now_ns = self.clock.now_ns()
        self.trades.lose(order.client_order_id, order.fence, str(error), now_ns)
        self._note_pause(order.venue, error, now_ns)
        self._ask_later(order, FIRST_ASK)
        return order

    def _end(self, order: Order, event: OrderEvent, reason: str) -> Order:
        """End an order that its own sender proved was not placed, if it still is its sender.

        Somebody who gave us up meanwhile may have sent the order again under the same identifier, and
        what our attempt was told says nothing about theirs: then the venue is asked.
        """
        if self.trades.reject(order.client_order_id, order.fence, event, reason, self.clock.now_ns()):
            return self._ended(order)
        self._ask_later(order, FIRST_ASK)
        return order

    def _rejected(self, order: Order, error: Rejected | Fatal) -> Order:
        self.counters.count("orders_rejected", f"{order.venue}_{getattr(error, 'code', 'fatal')}")
        if isinstance(error, MarketBarred):
            self.bar_market.run(order.venue, order.symbol, str(error))
        if isinstance(error, AgainstRules):
            self.reread_rules.run(order.venue)  # first: the repair of this trade goes by them already
        if isinstance(error, Fatal):
            self.booking.halt_for(error)
        return self._end(order, OrderEvent.REJECT, str(error))

    def _verify(self, order: Order) -> Order:
        """A stream told of more than can be: halt first, then record what the venue's own state proves."""
        self.booking.halt_on(order, "by its stream")
        try:
            report = self.venues[order.venue].query(order)
        except VenueError as error:
            self.counters.count("venue_errors", f"{error.venue}_{type(error).__name__.lower()}")
            return order
        return order if report is None else self._ended(self.booking.book(order, report))

    def _follow(self, order: Order, attempt: int, told: OrderReport | None = None) -> Order:
        """Wait for the result of an accepted order, and ask for it a few times: faster than a message each.

        If its stream tells first, who records that settles. That it was taken (`told`) counts until then.
        """
        for wait_ms in FOLLOW_MS:
            if order.is_terminal:
                break
            self.clock.sleep_ms(wait_ms)
            order = self.trades.order(order.client_order_id) or order
            if order.is_terminal:
                return order
            if told is not None:
                order, told = self.booking.record(order, told), None
            try:
                report = self.venues[order.venue].query(order)
            except VenueError:
                break
            if report is not None:
                order = self.booking.record(order, report)
        if order.is_terminal:
            return self._ended(order)
        self._ask_later(order, attempt)
        return order

    def _ended(self, order: Order) -> Order:
        """Have its trade settled: who sees an order end does, and for one who died a sweep of the trade."""
        self.ended(order)
        return order

    def _give_up_sender(self, order: Order) -> bool:
        """Tell whether the claim is so old that its sender must be gone; the order is UNKNOWN then."""
        now_ns = self.clock.now_ns()
        if is_within(order.claimed_at_ns, now_ns, self.overdue_ns):
            return False
        return self.trades.lose(order.client_order_id, order.fence, "sender_gone", now_ns)

    def _ask(self, order: Order, attempt: int) -> Order:
        venue = self.venues[order.venue]
        if order.state in (OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED):
            return self._ask_working(order, venue, attempt)
        found = venue.resolve(order, may_trade=self.gate.may_trade(order))
        match found:
            case OrderReport():
                self.counters.count("orders_resolved", f"{order.venue}_found")
                return self._follow(self.booking.record(order, found), attempt)
            case NeverPlaced(proof):
                self.counters.count("orders_resolved", f"{order.venue}_never_placed")
                absent = self.trades.absent(order.client_order_id, proof, self.clock.now_ns())
                return self._ended(absent)
            case NotFoundYet(retry_ms):
                self._ask_later(order, attempt, retry_ms)
                return order
            case _:
                assert_never(found)

    def _ask_working(self, order: Order, venue: VenueClient, attempt: int) -> Order:
        report = venue.query(order)
        if report is not None:
            order = self.booking.record(order, report)
        if order.is_terminal:
            return self._ended(order)
        if not is_current(order.claimed_at_ns, self.clock.now_ns(), WORKING_MS_MAX * NS_PER_MS):
            venue.cancel(order)
        self._ask_later(order, attempt)
        return order

    def _ask_later(self, order: Order, attempt: int, at_least_ms: int = 0) -> None:
        """Ask again in a moment, unless that was the last attempt."""
        if attempt >= RESOLVE_BACKOFF.attempts_max:
            return
        delay_ms = max(at_least_ms, RESOLVE_BACKOFF.delay_ms(attempt, self.entropy.draw()))
        self.dispatcher.send(
            "arb.resolve_order",
            order.client_order_id,
            attempt + 1,
            countdown_ms=min(delay_ms, RESOLVE_BACKOFF.max_ms),
        )
