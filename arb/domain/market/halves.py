"""A coin where it can be traded now: on both venues, or on the one that is left.

Entries and exits need a whole `Market`. A leg that stands alone is repaired wherever there is a book to do
it on: it must not wait for the venue that is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.instrument import Instrument
from arb.domain.market.money import bps
from arb.domain.market.pair import Pair
from arb.domain.market.spread import Market, Rate


class Tradable(Protocol):
    """Some venues' books and rules of one coin, and the rate that values them: a `Market` is one."""

    @property
    def pair(self) -> Pair:
        """Return the two venues that it is traded between."""

    @property
    def rate(self) -> Rate:
        """Return how many KRW one USDT is worth."""

    @property
    def venues(self) -> tuple[Venue, ...]:
        """Return where the coin can be traded."""

    @property
    def whole(self) -> Market | None:
        """Return the market of both venues if there is one."""

    def book(self, venue: Venue) -> Book:
        """Return the book of one of `venues`."""

    def instrument(self, venue: Venue) -> Instrument:
        """Return the rules of one of `venues`."""

    def rules_of(self, venue: Venue) -> Instrument | None:
        """Return the rules of any venue where they are known."""

    def krw(self, venue: Venue, amount: Decimal) -> Decimal:
        """Return an amount of any venue's quote currency in KRW."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfMarket:
    """What is left of a coin's market while a venue is gone, or the rate is only known from before.

    The rate may be old: what is traded is priced by its own book, and the rate only values it in KRW, for
    the loss ceiling and to tell which of two venues is cheaper.
    """

    coin: Coin
    pair: Pair
    books: Mapping[Venue, Book]  # fresh ones
    rules: Mapping[Venue, Instrument]  # of the venues where they are known
    rate: Rate

    @property
    def venues(self) -> tuple[Venue, ...]:
        """Return the venues that have a fresh book."""
        return tuple(venue for venue in self.pair.venues if venue in self.books and venue in self.rules)

    @property
    def whole(self) -> Market | None:
        """Return None: what is opened and closed needs more than this."""
        return None

    def book(self, venue: Venue) -> Book:
        """Return the venue's book."""
        return self.books[venue]

    def instrument(self, venue: Venue) -> Instrument:
        """Return the venue's rules."""
        return self.rules[venue]

    def rules_of(self, venue: Venue) -> Instrument | None:
        """Return the venue's rules if they are known: they outlive its books."""
        return self.rules.get(venue)

    def krw(self, venue: Venue, amount: Decimal) -> Decimal:
        """Return an amount of the venue's quote currency in KRW."""
        return self.pair.krw(venue, amount, self.rate.krw_per_usdt)


def base_price_krw(market: Tradable) -> Decimal:
    """Return what one unit of the coin is worth: at the middle of that book whose sides are nearest.

    Of the second venue's, where both are as near: a book with a hole has no middle that anybody pays.
    """
    books = {venue: market.book(venue) for venue in reversed(market.venues)}
    venue = min(books, key=lambda each: round(bps(books[each].ask - books[each].bid, books[each].bid)))
    return market.krw(venue, books[venue].mid)
