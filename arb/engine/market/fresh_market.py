"""A market to settle on: from the hot quotes, or asked of the venues where those are away, stale or shallow.

A leg must not stay alone because a cache is down. Entries never use this: without quotes nothing is opened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from arb.domain.errors import DataError, VenueError
from arb.domain.health.degradation import Degree, never_degraded
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.spread import Market
from arb.domain.risk.review import Limits
from arb.domain.risk.sanity import stale
from arb.engine.market.markets import Markets, keys_of
from arb.ports.market import Clock
from arb.ports.messaging import Counters
from arb.ports.trading import VenueClient

REUSED_NS: Final = 500_000_000  # several trades that wait at once ask a venue once
Key = tuple[Venue, Symbol]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshMarkets:
    """Assembles markets that are fresh enough to act on."""

    markets: Markets
    venues: dict[Venue, VenueClient]
    counters: Counters
    clock: Clock
    limits: Limits
    degree: Callable[[], Degree] = never_degraded
    asked: dict[Key, tuple[int, Book]] = field(default_factory=dict)  # when, and the answer

    def read(self, coin: Coin, *, deep: bool = False) -> Market | None:
        """Return the coin's market, or None while a book of it can be had nowhere.

        `deep`: with all the depth that the venues show, even while the hot books are kept shallow.
        """
        market = self.markets.read((coin,), self.clock.now_ns()).get(coin)
        fresh = market is not None and stale(market, self.limits, self.clock.now_ns()) is None
        if fresh:
            is_shallow = deep and self.degree() >= Degree.SHALLOW
            return (self._deep(coin) or market) if is_shallow else market
        books = [book for key in keys_of((coin,)) if (book := self._ask(*key)) is not None]
        market = self.markets.read((coin,), self.clock.now_ns(), books).get(coin)
        if market is None or stale(market, self.limits, self.clock.now_ns()) is not None:
            return None
        return market

    def _deep(self, coin: Coin) -> Market | None:
        """Return the market with all the depth that the venues show: the hot books are shallow now."""
        asked = {key: book for key in keys_of((coin,)) if (book := self._ask(*key)) is not None}
        return self.markets.assemble(coin, asked)

    def _ask(self, venue: Venue, symbol: Symbol) -> Book | None:
        asked_ns, known = self.asked.get((venue, symbol), (0, None))
        if known is not None and self.clock.steady_ns() - asked_ns < REUSED_NS:
            return known
        try:
            book = self.venues[venue].book(symbol)
        except (VenueError, DataError):
            self.counters.count("books_asked", f"{venue}_failed")
            return None
        self.counters.count("books_asked", venue)
        self.asked[venue, symbol] = (self.clock.steady_ns(), book)
        return book
