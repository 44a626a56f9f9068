"""Both venues' books of a coin, the rate and the rules, brought together into one `Market`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from arb.domain.errors import StoreUnavailable
from arb.domain.market.belief import RateBelief
from arb.domain.market.book import Book
from arb.domain.market.ids import USDT, Coin, Symbol, Venue, coin_of
from arb.domain.market.instrument import Instrument
from arb.domain.market.pair import Pair
from arb.domain.market.spread import Market, MarketLeg, Rate, par
from arb.domain.time import STAMP_AHEAD_NS_MAX
from arb.engine.market.fences import Fences
from arb.ports.market import Changed, Quotes, QuoteStore, Worth

Books = Mapping[tuple[Venue, Symbol], Book]


def symbol_on(venue: Venue, coin: Coin) -> Symbol:
    """Return the symbol that a coin is traded under on a venue."""
    return Symbol(f"{coin}/{venue.quote}")


def keys_of(pair: Pair, coins: Iterable[Coin]) -> tuple[tuple[Venue, Symbol], ...]:
    """Return every instrument whose book evaluating these coins needs, that of the rate included, if any."""
    rate = () if pair.rate_key is None else (pair.rate_key,)
    return (*rate, *((venue, symbol_on(venue, coin)) for coin in coins for venue in pair.venues))


def shown_rate(pair: Pair, books: Books) -> Decimal | None:
    """Return how many KRW a USDT is worth by the newest books, None if none tells (between two in KRW)."""
    book = pair.rate_of(books)
    return None if book is None else book.mid


@dataclass(frozen=True, slots=True)
class ChangedMarkets:
    """Coins that changed and are worth a look, and the markets of those that have one."""

    coins: Sequence[Coin]
    markets: Mapping[Coin, Market]
    more: bool  # are left, for which the caller enqueues an evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class Markets:
    """Assembles markets from the newest books."""

    pair: Pair
    quotes: QuoteStore
    instruments: Mapping[tuple[Venue, Symbol], Instrument]
    belief: RateBelief
    fences: Fences = field(default_factory=Fences)

    def read(self, coins: Sequence[Coin], now_ns: int, carried: Sequence[Book] = ()) -> dict[Coin, Market]:
        """Return the market of each coin whose books are all there.

        Books that a message carried are used where the store has none newer, or is away; no book is that
        a former owner sent or left behind. One that is stamped ahead of now is newer than none.
        """
        return self._markets(coins, self.books(coins, now_ns, carried))

    def take(
        self, now_ns: int, carried: Sequence[Book], worth: Worth, again: Iterable[Coin] = ()
    ) -> ChangedMarkets:
        """Take coins that changed from the store, with those of a message; return those worth a look.

        `again` are coins that had changed before.

        With them the markets of those whose books are all there, as `read` has them.
        """
        told = {*(coin_of(book.symbol) for book in carried), *again} - {USDT}

        def chosen(changed: Sequence[Coin]) -> Sequence[Coin]:
            return worth(sorted({*changed, *told} - {USDT}))

        try:
            taken = self.quotes.take(self.pair.venues, keys_of(self.pair, sorted(told)), chosen)
        except StoreUnavailable:
            taken = Changed(tuple(chosen(())), Quotes({}, {}))
        markets = self._markets(taken.coins, self._newest(taken.quotes, now_ns, carried))
        return ChangedMarkets(taken.coins, markets, taken.more)

    def _markets(self, coins: Sequence[Coin], books: Books) -> dict[Coin, Market]:
        if (rate := self.pair.rate_of(books)) is not None:
            self.belief.rate(rate)  # also of what is not a market
        found = ((coin, self.assemble(coin, books)) for coin in coins)
        return {coin: market for coin, market in found if market is not None}

    def books(self, coins: Sequence[Coin], now_ns: int, carried: Sequence[Book] = ()) -> Books:
        """Return the newest books of these coins and of the rate, as far as there are any."""
        try:
            seen = self.quotes.look(keys_of(self.pair, coins))
        except StoreUnavailable:
            seen = Quotes({}, {})
        return self._newest(seen, now_ns, carried)

    def _newest(self, seen: Quotes, now_ns: int, carried: Sequence[Book]) -> Books:
        self.fences.learn(seen.fences)
        books = {(book.venue, book.symbol): book for book in self.fences.admitted_of_message(carried)}
        for book in self.fences.admitted(seen.books.values()):
            key = (book.venue, book.symbol)
            if key not in books or books[key].ts_recv_ns <= book.ts_recv_ns <= now_ns + STAMP_AHEAD_NS_MAX:
                books[key] = book
        return books

    def without_rules(self, coin: Coin) -> tuple[Venue, ...]:
        """Return the venues whose rules for a coin are not known."""
        return tuple(
            venue for venue in self.pair.venues if (venue, symbol_on(venue, coin)) not in self.instruments
        )

    def assemble(self, coin: Coin, books: Books) -> Market | None:
        """Return one coin's market, or None if a book or its rules are missing."""
        legs = {}
        for venue in self.pair.venues:
            key = (venue, symbol_on(venue, coin))
            book, rules = books.get(key), self.instruments.get(key)
            if book is None or rules is None:
                return None
            legs[venue] = MarketLeg(book, rules)
        rate = self._rate(books, max(leg.book.ts_recv_ns for leg in legs.values()))
        return None if rate is None else Market(coin=coin, pair=self.pair, legs=legs, rate=rate)

    def _rate(self, books: Books, newest_ns: int) -> Rate | None:
        if self.pair.rate_key is None:
            return par(newest_ns)
        book = self.pair.rate_of(books)
        return None if book is None else self.belief.rate(book)
