"""What a fee in a third asset (BNB) is worth: by the book that is fed, else by one asked of the venue.

A fee is a few basis points of a fill, so that a price of a minute ago values it to a thousandth of one. The
middle only values, and only of a book that is whole, fresh and narrow.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from arb.domain.errors import DataError, StoreUnavailable, VenueError
from arb.domain.market.book import Book
from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.money import bps
from arb.domain.time import NS_PER_S, is_current
from arb.ports.market import Clock, QuoteStore
from arb.ports.messaging import Counters
from arb.ports.trading import VenueClient

AGE_NS_MAX: Final = 60 * NS_PER_S
SPREAD_BPS_MAX: Final = Decimal(100)  # half of it is the most that a middle is off: 0.5 % of a fee
ASKED_AGAIN_NS: Final = 5 * NS_PER_S  # of a venue that gave none
Key = tuple[Venue, Symbol]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePrices:
    """Prices of assets in a venue's currency; remembers what it asked for."""

    quotes: QuoteStore
    venues: dict[Venue, VenueClient]
    counters: Counters
    clock: Clock
    asked: dict[Key, tuple[int, Book | None]] = field(default_factory=dict)  # when, and the answer

    def of(self, venue: Venue, asset: str) -> Decimal | None:
        """Return what one unit of `asset` is worth on `venue`, None where no price can be had."""
        key = (venue, Symbol(f"{asset}/{venue.quote}"))
        for book in (self._fed(key), self._asked(key)):
            if book is not None:
                return book.mid
        return None

    def _fed(self, key: Key) -> Book | None:
        try:
            return self._fit(self.quotes.get([key]).get(key))
        except StoreUnavailable:
            return None

    def _asked(self, key: Key) -> Book | None:
        at_ns, known = self.asked.get(key, (0, None))
        age_ns = self.clock.steady_ns() - at_ns
        if key in self.asked and age_ns < (ASKED_AGAIN_NS if known is None else AGE_NS_MAX // 2):
            return known
        try:
            found = self._fit(self.venues[key[0]].book(key[1]))
        except (VenueError, DataError):
            found = None
        self.counters.count("fee_prices_asked", f"{key[0]}_{'failed' if found is None else 'had'}")
        self.asked[key] = (self.clock.steady_ns(), found)
        return found

    def _fit(self, book: Book | None) -> Book | None:
        """Return the book if it may value anything."""
        if book is None or not is_current(book.ts_recv_ns, self.clock.now_ns(), AGE_NS_MAX):
            return None
        if book.ts_event_ns and self.clock.now_ns() - book.ts_event_ns > AGE_NS_MAX:
            return None  # an answer of now, from a copy of then
        return book if bps(book.ask - book.bid, book.mid) <= SPREAD_BPS_MAX else None
