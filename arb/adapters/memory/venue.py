"""A venue in memory, with the two venues' own ideas of identity and of time, and faults on demand.

The twin of the real clients for tests and replays: it keeps what it was sent, so that a test asks the
venue, and not the engine, what happened. A venue either rejects a request past its receive window and lets an
id be used again once its order is over, or keeps every identifier for ever and has no window.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Final

from arb.adapters.venues.age import ClaimAge
from arb.adapters.venues.paper import within
from arb.domain.errors import AgainstRules, OutcomeUnknown, RateLimited, Rejected, Retryable
from arb.domain.market.book import Book
from arb.domain.market.ids import ClientOrderId, Coin, FillId, Symbol, Venue, VenueOrderId
from arb.domain.market.instrument import Instrument
from arb.domain.market.listing import Listing, OddMarket
from arb.domain.market.money import BPS, ZERO
from arb.domain.time import NS_PER_MS
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Fill, Order, OrderReport, OrderState
from arb.ports.market import Clock, QuoteStore
from arb.ports.trading import Before, NeverPlaced, NotFoundYet, Ready, Resolution, at_once
from arb.venues.registry import FACTS

FENCE_MARGIN_NS: Final = 10_000 * NS_PER_MS  # the venue's own API timeout


class Trouble(StrEnum):
    """What can befall one order on its way."""

    NONE = "none"
    REFUSED = "refused"  # no bytes left us
    LIMITED = "limited"  # 429: not placed
    REJECTED = "rejected"
    DROPPED = "dropped"  # never arrives, no answer
    REPLY_LOST = "reply_lost"  # executed, no answer
    WAIT = "wait"  # executed, answered as accepted: what came of it has to be asked for
    LATE = "late"  # arrives after we gave up
    HIDDEN = "hidden"  # executed, answered as lost, and not visible to queries for a while
    PARTIAL = "partial"  # half of it executes
    UNFILLED = "unfilled"  # nothing of it executes


@dataclass(kw_only=True)
class MemoryVenue:
    """One venue with one account."""

    venue: Venue
    rules: Mapping[Symbol, Instrument]
    quotes: QuoteStore
    clock: Clock
    held: dict[str, Decimal]
    window_ns: int = 2_000 * NS_PER_MS
    odd: tuple[OddMarket, ...] = ()  # markets of which it says what cannot be
    silent: bool = False  # answers no question about its market
    mute: bool = False  # answers no question about an order
    troubles: deque[Trouble] = field(default_factory=deque)
    placed: dict[ClientOrderId, list[OrderReport]] = field(default_factory=dict)
    burnt: set[ClientOrderId] = field(default_factory=set)
    on_the_way: list[tuple[int, Order]] = field(default_factory=list)
    hidden_until_ns: dict[ClientOrderId, int] = field(default_factory=dict)
    sent: dict[ClientOrderId, Order] = field(default_factory=dict)
    listed: list[ListedOrder] = field(default_factory=list)  # open orders that a test put here
    ended: list[ListedOrder] = field(default_factory=list)  # somebody else's orders that are over
    fee_paid_in: tuple[str, Decimal] | None = None  # a third asset, and how much of it for each fill

    assumed_fee_bps: Decimal | None = None  # what is told of fees while it has not named them

    def __post_init__(self) -> None:
        self._age = ClaimAge(self.clock)

    def place(self, order: Order, before: Before = at_once) -> OrderReport:
        """Execute one order against the book, unless a failure is planned for it."""
        before()
        trouble = self.troubles.popleft() if self.troubles else Trouble.NONE
        match trouble:
            case Trouble.REFUSED:
                raise Retryable(self.venue, "connection refused")
            case Trouble.LIMITED:
                raise RateLimited(self.venue, "too many requests", 100)
            case Trouble.DROPPED:
                raise OutcomeUnknown(self.venue, "timeout")
            case Trouble.LATE:
                self.on_the_way.append((self.clock.now_ns() + 1_500 * NS_PER_MS, order))
                raise OutcomeUnknown(self.venue, "timeout")
            case _:
                return self._arrive(order, trouble)

    def ready(self, order: Order) -> Ready | None:
        """Return what places it: nothing is signed."""
        return partial(self.place, order)

    def deliver_late(self) -> None:
        """Let what was on the way arrive, where its time has come."""
        now_ns = self.clock.now_ns()
        due = [order for at_ns, order in self.on_the_way if at_ns <= now_ns]
        self.on_the_way = [(at_ns, order) for at_ns, order in self.on_the_way if at_ns > now_ns]
        for order in due:
            try:
                self._accept(order, Trouble.NONE)
            except (Rejected, Retryable):
                continue

    def query(self, order: Order) -> OrderReport | None:
        """Return the order if it is there and visible."""
        if self.mute:
            raise Retryable(self.venue, "no answer")
        if self.clock.now_ns() < self.hidden_until_ns.get(order.client_order_id, 0):
            return None
        found = self.placed.get(order.client_order_id)
        return self._told(found[0]) if found else None

    def resolve(self, order: Order, *, may_trade: bool) -> Resolution:
        """Apply the venue's rule of proof."""
        found = self.query(order)
        if found is not None:
            return found
        age_ns = self._age.ms(order) * NS_PER_MS
        unfillable = FACTS[self.venue].unfillable
        if unfillable is not None and age_ns > 1_000 * NS_PER_MS:
            return self._redrive(order if may_trade else unfillable(order), age_ns)
        if unfillable is None and age_ns > self.window_ns + FENCE_MARGIN_NS:
            return NeverPlaced("window_over_and_absent")
        return NotFoundYet(200)

    def cancel(self, order: Order | ListedOrder) -> None:
        """Cancel what a test listed as open; no IOC order rests here."""
        self.listed = [each for each in self.listed if each.client_order_id != order.client_order_id]

    def open_orders(self) -> tuple[ListedOrder, ...]:
        """Return what a test listed: an order of ours is over at once."""
        return tuple(self.listed)

    def recent_orders(self, symbol: Symbol, since_ns: int) -> tuple[ListedOrder, ...]:
        """Return every order of a market that was executed here, however old."""
        ours = [self._listed(order) for order in self.sent.values() if order.client_order_id in self.placed]
        return tuple(each for each in (*self.listed, *self.ended, *ours) if each.symbol == symbol)

    def balances(self) -> Mapping[str, Decimal]:
        """Return every balance that is not zero, by asset."""
        return {asset: amount for asset, amount in self.held.items() if amount != ZERO}

    def book(self, symbol: Symbol) -> Book:
        """Return the market's book, stamped now: the venue always knows its own."""
        if self.silent:
            raise Retryable(self.venue, "no answer")
        if (self.venue, symbol) not in self.quotes.get([(self.venue, symbol)]):
            raise Rejected(self.venue, f"no market {symbol}", "no_market")
        book = self.quotes.get([(self.venue, symbol)])[(self.venue, symbol)]
        now_ns = self.clock.now_ns()
        return replace(book, ts_recv_ns=now_ns, ts_event_ns=now_ns)

    def instruments(self, coins: Sequence[Coin]) -> Listing:
        """Return the rules of every market."""
        odd = {each.symbol for each in self.odd}
        return Listing(tuple(rule for rule in self.rules.values() if rule.symbol not in odd), self.odd)

    def turnovers(self) -> Mapping[Coin, Decimal | None]:
        """Return every coin that there are rules of; what was traded of it nobody counts."""
        return {rule.base: None for rule in self.rules.values()}

    def time_offset_ms(self) -> int | None:
        """Return 0: both sides read the same clock."""
        return 0

    def _redrive(self, order: Order, age_ns: int) -> Resolution:
        try:
            return self._accept(order, Trouble.NONE)
        except Rejected:
            found = self.query(order)
            if found is not None:
                return found
            proven = age_ns > self.window_ns + FENCE_MARGIN_NS
            return NeverPlaced("identifier_burnt_and_absent") if proven else NotFoundYet(200)

    def _arrive(self, order: Order, trouble: Trouble) -> OrderReport:
        report = self._accept(order, trouble)
        if trouble is Trouble.HIDDEN:
            self.hidden_until_ns[order.client_order_id] = self.clock.now_ns() + 3_000 * NS_PER_MS
        if trouble in (Trouble.REPLY_LOST, Trouble.HIDDEN):
            raise OutcomeUnknown(self.venue, "reply lost")
        if trouble is Trouble.WAIT:
            return replace(report, status=OrderState.ACCEPTED, fills=())
        return self._told(report)

    def _told(self, report: OrderReport) -> OrderReport:
        if self.assumed_fee_bps is None:
            return report
        rate = self.assumed_fee_bps / BPS
        fills = tuple(
            replace(fill, fee=fill.price * fill.quantity * rate, fee_is_assumed=True) for fill in report.fills
        )
        return replace(report, fills=fills)

    def _accept(self, order: Order, trouble: Trouble) -> OrderReport:
        """Execute an order by the venue's rules of identity and time."""
        client_order_id, has_window = order.client_order_id, FACTS[self.venue].has_receive_window
        if not has_window and client_order_id in self.burnt:
            raise Rejected(self.venue, "identifier already used", "duplicate")
        late = self.clock.now_ns() > order.claimed_at_ns + self.window_ns
        if has_window and late:
            raise Retryable(self.venue, "-1021 outside of the recvWindow")
        if order.limit_price % self.rules[order.symbol].tick(order.limit_price) != ZERO:
            raise AgainstRules(self.venue, "not a multiple of the price unit", "price_unit")
        self.burnt.add(client_order_id)
        if trouble is Trouble.REJECTED:
            raise Rejected(self.venue, "refused", "refused")
        report = self._execute(order, trouble)
        self.placed.setdefault(client_order_id, []).append(report)
        self.sent[client_order_id] = order
        return report

    def _listed(self, order: Order) -> ListedOrder:
        report = self.placed[order.client_order_id][0]
        return ListedOrder(
            venue=self.venue,
            symbol=order.symbol,
            client_order_id=order.client_order_id,
            venue_order_id=VenueOrderId(f"{self.venue}-{order.client_order_id}"),
            side=order.side,
            status=report.status,
            executed=sum((fill.quantity for fill in report.fills), ZERO),
        )

    def _execute(self, order: Order, trouble: Trouble) -> OrderReport:
        book = self.quotes.get([(self.venue, order.symbol)])[(self.venue, order.symbol)]
        instrument = self.rules[order.symbol]
        limit = {Trouble.PARTIAL: order.quantity / 2, Trouble.UNFILLED: ZERO}.get(trouble, order.quantity)
        limit = instrument.round_quantity(limit)
        fills = tuple(
            self._fill(order, number, level.price, level.quantity, instrument)
            for number, level in enumerate(within(book.against(order.side), order, limit), start=1)
        )
        for fill in fills:
            self._move(order, fill, instrument)
        complete = sum((fill.quantity for fill in fills), ZERO) == order.quantity
        return OrderReport(
            client_order_id=order.client_order_id,
            venue_order_id=VenueOrderId(f"{self.venue}-{order.client_order_id}"),
            status=OrderState.FILLED if complete else OrderState.CANCELED,
            fills=fills,
        )

    def _fill(
        self, order: Order, number: int, price: Decimal, quantity: Decimal, instrument: Instrument
    ) -> Fill:
        asset, fee = self.fee_paid_in or instrument.fee(order.side, quantity, price)
        count = len(self.placed.get(order.client_order_id, ()))
        return Fill(
            fill_id=FillId(f"{order.client_order_id}-{count}-{number}"),
            price=price,
            quantity=quantity,
            fee=fee,
            fee_asset=asset,
            ts_event_ns=self.clock.now_ns(),
        )

    def _move(self, order: Order, fill: Fill, instrument: Instrument) -> None:
        sign = order.side.sign
        for asset, amount in (
            (instrument.base, sign * fill.quantity),
            (instrument.quote, -sign * fill.quantity * fill.price),
            (fill.fee_asset, -fill.fee),
        ):
            self.held[asset] = self.held.get(asset, ZERO) + amount
