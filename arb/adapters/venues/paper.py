"""Paper trading: orders that fill against the real books, and never leave this process.

An order meets the book that is the newest once the latency of the way to the venue is over. What paper orders
have taken of a book is gone from it until the next one comes.

An order that was claimed and not recorded when its process died was never placed anywhere, so that is
what resolving it says. Balances are the ledger's own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Protocol

from arb.domain.errors import Rejected, StoreUnavailable
from arb.domain.market.book import Book, Level, left_of
from arb.domain.market.ids import Coin, FillId, Symbol, Venue, VenueOrderId
from arb.domain.market.instrument import Instrument, Side
from arb.domain.market.listing import Listing
from arb.domain.market.money import ZERO
from arb.domain.time import is_current
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Fill, Order, OrderReport, OrderState
from arb.ports.market import Clock, QuoteStore
from arb.ports.trading import Before, NeverPlaced, Ready, Resolution, at_once


class _PublicClient(Protocol):
    """The part of a venue client that needs no account."""

    def book(self, symbol: Symbol) -> Book:
        """Return a market's book as it is now."""

    def instruments(self, coins: Sequence[Coin]) -> Listing:
        """Return the rules of each coin's market."""

    def turnovers(self) -> Mapping[Coin, Decimal | None]:
        """Return every coin that is listed, and what was traded of it in a day."""


@dataclass(frozen=True, slots=True)
class Met:
    """How much of one side of a book paper orders have taken."""

    sequence: int
    ts_recv_ns: int
    taken: Decimal

    def of(self, book: Book) -> Decimal:
        """Return how much of it is gone from a book: nothing of another one."""
        is_same = (self.sequence, self.ts_recv_ns) == (book.sequence, book.ts_recv_ns)
        return self.taken if is_same else ZERO


@dataclass(kw_only=True)
class PaperVenue:
    """A venue client whose fills are simulated."""

    venue: Venue
    rules: _PublicClient
    quotes: QuoteStore
    clock: Clock
    read_balances: Callable[[], Mapping[str, Decimal]]
    quote_age_ns_max: int
    latency_ms: int = 0  # from here to the venue
    met: dict[tuple[Symbol, Side], Met] = field(default_factory=dict)
    known: dict[Symbol, Instrument] = field(default_factory=dict)

    def place(self, order: Order, before: Before = at_once) -> OrderReport:
        """Fill what is left of the newest book within the limit; the rest expires, as IOC does."""
        before()
        self.clock.sleep_ms(self.latency_ms)
        book = self._book(order.symbol)
        instrument = self._instrument(order.symbol)
        taken = self._take(book, order)
        fills = tuple(
            self._fill(order, number, level, instrument) for number, level in enumerate(taken, start=1)
        )
        complete = sum((fill.quantity for fill in fills), ZERO) == order.quantity
        return OrderReport(
            client_order_id=order.client_order_id,
            venue_order_id=VenueOrderId(f"paper-{order.client_order_id}"),
            status=OrderState.FILLED if complete else OrderState.EXPIRED,
            fills=fills,
        )

    def ready(self, order: Order) -> Ready | None:
        """Return what places it: nothing is signed."""
        return partial(self.place, order)

    def query(self, order: Order) -> OrderReport | None:
        """Return nothing: an order is over before `place` returns."""
        return None

    def resolve(self, order: Order, *, may_trade: bool) -> Resolution:
        """Return the proof: this venue is inside the process that died."""
        return NeverPlaced("paper_order_died_with_its_process")

    def cancel(self, order: Order | ListedOrder) -> None:
        """Do nothing: a paper order ends at once."""

    def open_orders(self) -> tuple[ListedOrder, ...]:
        """Return no orders: a paper order ends at once."""
        return ()

    def recent_orders(self, symbol: Symbol, since_ns: int) -> tuple[ListedOrder, ...]:
        """Return none: nobody else trades here, and what we trade is in the ledger."""
        return ()

    def balances(self) -> Mapping[str, Decimal]:
        """Return the ledger's balances: nobody else holds paper money."""
        return self.read_balances()

    def book(self, symbol: Symbol) -> Book:
        """Return the venue's real book."""
        return self.rules.book(symbol)

    def instruments(self, coins: Sequence[Coin]) -> Listing:
        """Return the venue's real rules, and remember them."""
        found = self.rules.instruments(coins)
        self.known.update({instrument.symbol: instrument for instrument in found})
        return found

    def turnovers(self) -> Mapping[Coin, Decimal | None]:
        """Return what the venue really lists."""
        return self.rules.turnovers()

    def time_offset_ms(self) -> int | None:
        """Return None: nothing is signed."""
        return None

    def _take(self, book: Book, order: Order) -> list[Level]:
        key = (order.symbol, order.side)
        gone = self.met[key].of(book) if key in self.met else ZERO
        found = within(left_of(book.against(order.side), gone), order, order.quantity)
        quantity = sum((level.quantity for level in found), ZERO)
        self.met[key] = Met(book.sequence, book.ts_recv_ns, gone + quantity)
        return found

    def _book(self, symbol: Symbol) -> Book:
        """Return the newest book; where our own copy is away or stale, the venue is asked."""
        try:
            book = self.quotes.get([(self.venue, symbol)]).get((self.venue, symbol))
        except StoreUnavailable:
            book = None
        if book is not None and is_current(book.ts_recv_ns, self.clock.now_ns(), self.quote_age_ns_max):
            return book
        return self.rules.book(symbol)

    def _instrument(self, symbol: Symbol) -> Instrument:
        if symbol not in self.known:
            self.instruments((Coin(symbol.partition("/")[0]),))
        try:
            return self.known[symbol]
        except KeyError:
            raise Rejected(self.venue, f"no rules for {symbol}", "paper_no_rules") from None

    def _fill(self, order: Order, number: int, level: Level, instrument: Instrument) -> Fill:
        asset, fee = instrument.fee(order.side, level.quantity, level.price)
        return Fill(
            fill_id=FillId(f"paper-{order.client_order_id}-{number}"),
            price=level.price,
            quantity=level.quantity,
            fee=fee,
            fee_asset=asset,
            ts_event_ns=self.clock.now_ns(),
        )


def within(levels: Sequence[Level], order: Order, quantity: Decimal) -> list[Level]:
    """Return what an order takes of `levels`: best first, within its limit, at most `quantity`."""
    taken, left = [], quantity
    for level in levels:
        is_buy = order.side is Side.BUY
        beyond = level.price > order.limit_price if is_buy else level.price < order.limit_price
        if beyond or left <= ZERO:
            break
        taken.append(Level(level.price, min(left, level.quantity)))
        left -= taken[-1].quantity
    return taken
