"""Books of one price each side, made of a row's prices by what is assumed of spread and depth."""

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from arb.backtest.reading.series import Series
from arb.backtest.replay.rules import FixedRules
from arb.domain.errors import InvariantError
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.money import fraction
from arb.domain.market.pair import Key, Pair
from arb.engine.market.markets import symbol_on

HALF_LEAST: Final = Decimal("0.000000001")  # of a price: both sides of a book are never the same
DEEP: Final = Decimal(10) ** 9  # of the rate's book: no order of ours meets it


@lru_cache(maxsize=65_536)
def _decimal_of(price: float) -> Decimal:
    """Return the shortest decimal that is this price."""
    return Decimal(repr(price))


class RowBooks:
    """Makes the books of a series' rows.

    The distance from a price to either side is what is assumed, and half a price step at least: a price that
    somebody traded at was one of the two.
    """

    def __init__(self, series: Series, pair: Pair, rules: FixedRules) -> None:
        self._series, self._pair, self._rules = series, pair, rules
        assumed = series.assumed
        self._half_bps = {
            (venue, coin): series.half_bps(venue, coin) for coin in series.coins for venue in pair.venues
        }
        self._rate_half = max(HALF_LEAST, fraction(assumed.rate_half_spread_bps))
        self._keys = {
            coin: tuple((venue, symbol_on(venue, coin)) for venue in pair.venues) for coin in series.coins
        }

    def of_coin(self, row: int, coin: Coin, at_ns: int) -> list[Book]:
        """Return both venues' books of a coin."""
        rate = _decimal_of(float(self._series.rate[row]))
        books = []
        for venue, symbol in self._keys[coin]:
            if recorded := self._recorded(row, (venue, symbol), at_ns):
                books.append(recorded)
                continue
            price = _decimal_of(float(self._series.prices[venue, coin][row]))
            half_bps = _decimal_of(float(self._half_bps[venue, coin][row]))
            half = max(fraction(half_bps) * price, self._rules[venue, symbol].tick(price) / 2)
            worth = price if venue is self._pair.second else price / rate
            books.append(_book(venue, symbol, price, half, self._series.assumed.depth_usdt / worth, at_ns))
        return books

    def _recorded(self, row: int, key: Key, at_ns: int) -> Book | None:
        """Return the book that was recorded, as one that came this moment."""
        books = self._series.books.get(key)
        book = None if books is None else books[row]
        if book is None:
            return None
        return replace(book, sequence=at_ns, ts_event_ns=at_ns, ts_recv_ns=at_ns, fence=0)

    def of_rate(self, row: int, at_ns: int) -> Book:
        """Return the book of the rate at a row: as recorded, else made from its price and step."""
        if self._pair.rate_key and (recorded := self._recorded(row, self._pair.rate_key, at_ns)):
            return recorded
        price = _decimal_of(float(self._series.rate[row]))
        half = max(self._rate_half * price, self._series.rate_step / 2)
        if self._pair.rate_key is None:
            raise InvariantError("a pair that quotes in one currency has no rate to replay")
        return _book(*self._pair.rate_key, price, half, DEEP, at_ns)


def _book(venue: Venue, symbol: Symbol, price: Decimal, half: Decimal, depth: Decimal, at_ns: int) -> Book:
    return Book(
        venue=venue,
        symbol=symbol,
        sequence=at_ns,
        ts_event_ns=at_ns,
        ts_recv_ns=at_ns,
        bids=(Level(price - half, depth),),
        asks=(Level(price + half, depth),),
    )
