"""A market to settle on: from the hot quotes, or asked of the venues where those are away, stale or shallow.

A leg must not stay alone because a cache is down, or because the other venue is gone. Entries never use
this: without quotes nothing is opened.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Final

from arb.domain.errors import DataError, VenueError
from arb.domain.health.degradation import Degree, never_degraded
from arb.domain.market.book import Book
from arb.domain.market.halves import HalfMarket, Tradable
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.spread import RATE_FORGOTTEN, Market, Rate, par
from arb.domain.risk.review import Limits
from arb.domain.time import NS_PER_S, STAMP_AHEAD_NS_MAX, is_current
from arb.engine.market.fee_prices import FeePrices
from arb.engine.market.markets import Books, Markets, keys_of, symbol_on
from arb.engine.market.queried_books import QueriedBooks
from arb.ports.market import Clock
from arb.ports.messaging import Counters
from arb.ports.trading import VenueClient

REUSED_NS: Final = 500_000_000  # several trades that wait at once ask a venue once
# A venue that gave no answer is not asked again for so long while the other one has a market: its timeouts
# are waited out once in this time, and not before each repair on the healthy one.
SILENT_NS: Final = 5 * NS_PER_S
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
    silent: dict[Venue, int] = field(default_factory=dict)  # when it gave no answer
    fee_prices: FeePrices = field(init=False)
    queried: QueriedBooks = field(init=False)

    def __post_init__(self) -> None:
        prices = FeePrices(
            quotes=self.markets.quotes, venues=self.venues, counters=self.counters, clock=self.clock
        )
        object.__setattr__(self, "fee_prices", prices)
        object.__setattr__(self, "queried", QueriedBooks(self.limits.rate_age_ns_max))

    def read(self, coin: Coin, *, deep: bool = False) -> Market | None:
        """Return the coin's market, or None while a book of it can be had nowhere.

        `deep`: with all the depth that the venues show, even while the hot books are kept shallow.
        """
        return self.markets.assemble(coin, self._books(coin, deep=deep, asking=self.markets.pair.venues))

    def tradable(self, coin: Coin, *, deep: bool = False, otherwise: Rate | None = None) -> Tradable | None:
        """Return the coin's market, or what is left of it: at least one venue's.

        Half a market is valued at the last rate that was believed, however old, and at `otherwise` where
        none is known: nothing is priced by it, and a leg must not stay alone for want of it.
        """
        now_ns = self.clock.steady_ns()
        venues = self.markets.pair.venues
        answering = [venue for venue in venues if now_ns - self.silent.get(venue, -SILENT_NS) >= SILENT_NS]
        books = self._books(coin, deep=deep, asking=answering)
        found = self._tradable(coin, books, otherwise)
        if found is not None or len(answering) == len(venues):
            return found
        return self._tradable(coin, self._books(coin, deep=deep, asking=self.markets.pair.venues), otherwise)

    def at_hand(self, coin: Coin, otherwise: Rate | None = None) -> Tradable | None:
        """Return the coin's market of both venues as the hot books have it: no venue is asked."""
        found = self._tradable(coin, self._books(coin, deep=False, asking=()), otherwise)
        return None if found is None or found.whole is None else found

    def is_fresh(self, market: Tradable, now_ns: int) -> bool:
        """Tell whether a market is still fresh enough to act on: who held it may have been held up."""
        age_ns_max = self.limits.quote_age_ns_max
        return all(is_current(market.book(venue).ts_recv_ns, now_ns, age_ns_max) for venue in market.venues)

    def _tradable(self, coin: Coin, books: Books, otherwise: Rate | None) -> Tradable | None:
        market, rate = self.markets.assemble(coin, books), self._believed(otherwise)
        if market is not None and rate is not None:
            return replace(market, rate=rate)
        if market is not None or rate is None:
            return market
        rules = {
            venue: self.markets.instruments[key]
            for venue in self.markets.pair.venues
            if (key := (venue, symbol_on(venue, coin))) in self.markets.instruments
        }
        shown = {
            venue: books[key]
            for venue in self.markets.pair.venues
            if (key := (venue, symbol_on(venue, coin))) in books
        }
        half = HalfMarket(coin=coin, pair=self.markets.pair, books=shown, rules=rules, rate=rate)
        return half if half.venues else None

    def _books(self, coin: Coin, *, deep: bool, asking: Collection[Venue]) -> Books:
        """Return the coin's books and the rate's that are fresh, after asking these venues for the others."""
        is_shallow = deep and self.degree() >= Degree.SHALLOW
        keys = keys_of(self.markets.pair, (coin,))
        known = self.markets.books((coin,), self.clock.now_ns())
        hot = self._fresh(known)
        lacking = {key[0] for key in keys if is_shallow or key not in hot}
        wanted = [key for key in keys if key[0] in lacking and key[0] in asking]
        asked = {key: book for key in wanted if (book := self._ask(*key, known.get(key))) is not None}
        found = self._fresh(self.markets.books((coin,), self.clock.now_ns(), tuple(asked.values())))
        if is_shallow:  # the hot books are newer, and have less of the depth
            found = found | asked
        if (rate := self.markets.pair.rate_of(found)) is not None:
            self.markets.belief.rate(rate)
        return found

    def _fresh(self, books: Books) -> dict[Key, Book]:
        """Return the books that are neither too old to act on nor stamped ahead of now."""
        now_ns = self.clock.now_ns()
        return {
            key: book
            for key, book in books.items()
            if is_current(
                book.ts_recv_ns,
                now_ns,
                self.limits.rate_age_ns_max
                if key == self.markets.pair.rate_key
                else self.limits.quote_age_ns_max,
            )
        }

    def _believed(self, otherwise: Rate | None) -> Rate | None:
        """Return the last rate that was believed here, or that of the newest book kept, or the other one."""
        belief, pair, now_ns = self.markets.belief, self.markets.pair, self.clock.now_ns()
        if pair.rate_key is None:
            return par(now_ns)
        kept = None if belief.last else pair.rate_of(self.markets.books((), now_ns))
        if kept is not None and kept.ts_recv_ns <= now_ns + STAMP_AHEAD_NS_MAX:
            belief.rate(kept)
        last = belief.last
        return last if otherwise is None or (last is not None and last.doubt != RATE_FORGOTTEN) else otherwise

    def _ask(self, venue: Venue, symbol: Symbol, hot: Book | None) -> Book | None:
        asked_ns, known = self.asked.get((venue, symbol), (0, None))
        if known is not None and self.clock.steady_ns() - asked_ns < REUSED_NS:
            return known
        sent_ns = self.clock.now_ns()
        try:
            book = replace(self.venues[venue].book(symbol), ts_recv_ns=sent_ns)  # no newer than the question
        except (VenueError, DataError) as error:
            self.counters.count("books_asked", f"{venue}_failed")
            if isinstance(error, VenueError):
                self.silent[venue] = self.clock.steady_ns()
            return None
        self.silent.pop(venue, None)
        if why := self.queried.doubt(book, hot, sent_ns, self.clock.steady_ns()):
            self.counters.count("books_asked", f"{venue}_{why}")
            return None
        self.counters.count("books_asked", venue)
        self.asked[venue, symbol] = (self.clock.steady_ns(), book)
        return book
