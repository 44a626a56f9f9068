"""New orders on their way: claimed and handed to senders that wait, or as intents through the queue.

Seats of senders are reserved first. Where there are some, the orders are written with their claims. Senders
get ready meanwhile what will most likely be committed, and send it the moment that it is. Who writes an entry
beside the evaluation is awake when it is committed: it gets the first order ready itself, and sends it. Where
there are no seats (senders wait for a slow venue, or nobody sends in this process), intents are written as
they are, and `arb.place_order` claims and sends each of them. So nobody who evaluates ever waits for a venue.
Whoever dies in between leaves rows as a dead task leaves them, and a sweep comes back to those.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Final, Protocol

from arb.domain.errors import InvariantError
from arb.domain.risk.known_exposure import KnownExposure
from arb.domain.risk.review import Approved, Denied, Limits, Proposal, review
from arb.domain.trading.order import Order, OrderState, claimed
from arb.domain.trading.trade import Leg, Trade
from arb.engine.trading.clearance import Clearance
from arb.engine.trading.exposure_ahead import ExposureAhead
from arb.engine.trading.intents import intents
from arb.ports.market import Clock
from arb.ports.messaging import Counters, Dispatcher
from arb.ports.trading import Facts, Meanwhile, TradeStore, nothing_else

PLACE: Final = "arb.place_order"
SENT: Final = "orders_sent"
TWICE: Final = "the answer to its commit was lost"


class Seats(Protocol):
    """Senders that wait for orders, as many as were reserved."""

    def run(self, work: Callable[[], object]) -> None:
        """Have one of them do this; returns at once."""

    def give_back(self) -> None:
        """Let go of those that were not used."""


Reserve = Callable[[int], Seats | None]
Deliver = Callable[[Order, Clearance], object]  # sends an order once its claim is committed; never raises
Told = Callable[[Approved | Denied], object]  # hears what became of an entry


class SendReady(Protocol):
    """Sends an order that is ready, as `Deliver` does."""

    def __call__(self, clearance: Clearance, *, leaving: Meanwhile) -> object:
        """Send it; `leaving` is called right before its first byte, where it comes to that."""


GetReady = Callable[[Order], SendReady | None]  # never raises, and waits for nothing


def nothing_ready(_order: Order) -> SendReady | None:
    """Return that an order cannot be got ready at once."""
    return None


def nobody_waits(_orders: int) -> Seats | None:
    """Return no seats: in this process nobody sends."""
    return None


def nobody_doubts() -> None:
    """An entry is as good as when it was decided."""


def nobody_sends(order: Order, _clearance: Clearance) -> None:
    """Where no seats are reserved, no claim is handed to anybody."""
    raise InvariantError(f"order {order.client_order_id} is claimed and nobody sends it")


class _Way:
    """How these orders go: each is handed to a sender once, the next one when the one before it is ready.

    Two that get ready at a time hold each other up, and the commit. One may be our own, to be sent first.
    """

    def __init__(self, orders: Sequence[Order], seats: Seats | None, deliver: Deliver) -> None:
        self.orders, self.seats, self._deliver = orders, seats, deliver
        self.clearance = Clearance(self.hand_next)
        self._left = deque(orders if seats is not None else ())
        self._own: SendReady | None = None
        self._is_prepared = False
        self._lock = Lock()

    @property
    def pair(self) -> tuple[Order, Order]:
        """Return both orders of an entry."""
        first, second = self.orders
        return first, second

    def hand_next(self) -> None:
        """Hand the next one to a sender, if there is one."""
        with self._lock:
            if self._left and self.seats is not None:
                self.seats.run(partial(self._deliver, self._left.popleft(), self.clearance))

    def prepare(self, get_ready: GetReady) -> None:
        """Get the first one ready, to be sent by `send_own`, and hand the next one to a sender."""
        if self.seats is not None and not self._is_prepared:
            self._is_prepared = True  # also where a statement is sent again
            self._own = get_ready(self.orders[0])
            if self._own is not None:
                self._left.popleft()
        self.hand_next()

    def go(self) -> None:
        """Have all of them go: they are committed. Our own one leaves first."""
        if self._own is None:
            self.clearance.grant()
        else:
            self.clearance.committed()
        for _ in self.orders:
            self.hand_next()

    def send_own(self, leaving: Meanwhile = nothing_else) -> None:
        """Send our own one, if there is one and it is committed.

        `leaving` is called right before its first byte, where it comes to that.
        """
        own, self._own = self._own, None
        if own is None or not self.clearance.is_granted:
            return

        def leave() -> None:
            self.clearance.grant()
            leaving()

        self._free_seats()
        own(self.clearance, leaving=leave)
        self.clearance.grant()  # also where it never came to its bytes

    def end(self) -> None:
        """Have nothing go that may not go by now, and let go of senders that have nothing to send."""
        self.send_own()
        self.clearance.refuse()
        with self._lock:
            self._left.clear()
        self._free_seats()

    def _free_seats(self) -> None:
        with self._lock:
            if self.seats is not None:
                self.seats.give_back()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """Writes what was decided, and has its orders sent."""

    exposure: ExposureAhead
    trades: TradeStore
    dispatcher: Dispatcher
    counters: Counters
    clock: Clock
    limits: Limits
    lifetime_ns: int
    reserve: Reserve
    deliver: Deliver
    get_ready: GetReady

    def open(
        self,
        proposal: Proposal,
        now_ns: int,
        doubt: Callable[[], Denied | None] = nobody_doubts,
        told: Told | None = None,
    ) -> Approved | Denied:
        """Write a new trade if risk says yes, and send its orders. Raises: StoreUnavailable.

        It is reviewed by the exposure that is known, if nothing was decided since that was read. `doubt` is
        asked when it is its turn: while it waited for others, the market may have moved on. `told` is given
        by a caller that may wait for a venue: it sends the first order, and `told` hears of an entry that is
        written right before the bytes of that one leave.
        """
        trade = proposal.trade
        orders = intents(proposal.legs, trade.trade_id, trade.coin, (), now_ns, self.lifetime_ns)
        with self._way(orders) as way:
            meanwhile = way.hand_next if told is None else partial(way.prepare, self.get_ready)
            with self.exposure.deciding((trade.coin, trade.direction)) as known:
                verdict = doubt() or self._decide(proposal, way, known, now_ns, meanwhile)
            if isinstance(verdict, Approved) and verdict.was_there:
                self._release(way)
            elif isinstance(verdict, Approved):
                self._sent(way)
                if told is not None:
                    way.send_own(partial(told, verdict))
            return verdict

    def _decide(
        self, proposal: Proposal, way: _Way, known: KnownExposure, now_ns: int, meanwhile: Meanwhile
    ) -> Approved | Denied:
        """Write it if risk says yes; senders that have its orders may send them then."""
        verdict = review(proposal, self.limits, known.exposure)
        if isinstance(verdict, Denied):
            return verdict
        if self.trades.open_reviewed(verdict, way.pair, known, meanwhile):
            way.go()
            self.exposure.entered(known, proposal)
            return verdict
        verdict = self.trades.open_trade(proposal, way.pair, self.limits, now_ns)
        if isinstance(verdict, Approved) and not verdict.was_there:
            way.go()
        self.exposure.expire()
        return verdict

    def close(
        self, closing: Trade, legs: Sequence[Leg], known: Sequence[Order], decided_on: Facts, now_ns: int
    ) -> None:
        """Write a trade that is being closed, and send its orders. Raises: Conflict, StoreUnavailable."""
        orders = intents(legs, closing.trade_id, closing.coin, known, now_ns, self.lifetime_ns)
        with self._way(orders) as way:
            way.hand_next()
            self.trades.add_orders(closing, way.orders, decided_on)
            way.go()
            self._sent(way)

    @contextmanager
    def _way(self, orders: Sequence[Order]) -> Iterator[_Way]:
        seats = self.reserve(len(orders))
        if seats is not None:
            now_ns = self.clock.now_ns()
            orders = [claimed(order, now_ns) for order in orders]
        way = _Way(orders, seats, self.deliver)
        try:
            yield way
        finally:
            way.end()

    def _sent(self, way: _Way) -> None:
        """Count what is committed and went; what no sender had goes through the queue."""
        if way.seats is None:
            for order in way.orders:
                self.dispatcher.send(PLACE, order.client_order_id)
        self.counters.count(SENT, "queue" if way.seats is None else "fast", len(way.orders))

    def _release(self, way: _Way) -> None:
        """Send through the queue what an attempt wrote whose answer was lost.

        Nothing was sent under its claims, and nothing will be: only this call knew them.
        """
        way.clearance.refuse()
        now_ns = self.clock.now_ns()
        for order in way.orders:
            if order.state is OrderState.SUBMITTED:
                self.trades.release(order.client_order_id, order.fence, TWICE, now_ns)
            self.dispatcher.send(PLACE, order.client_order_id)
