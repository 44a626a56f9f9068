"""All books that a stack recorded, as a series: a row each second, with the books as they were."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from arb.backtest.reading.assemble import Wishes, assumed_of_quotes
from arb.backtest.reading.series import Array, Series
from arb.domain.errors import ConfigError
from arb.domain.market.book import Book
from arb.domain.market.ids import USDT, Symbol, Venue, coin_of
from arb.domain.market.pair import Pair
from arb.domain.time import NS_PER_S
from arb.engine.market.markets import symbol_on

GAP_S: Final = 60
NOTE: Final = (
    "books as a stack recorded them, a row each second: spreads and depth are their own; what came and went "
    "within a second is left out"
)
Key = tuple[Venue, Symbol]
Value = Callable[[Book], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookAges:
    """How old a book may be that a row goes by; older ones are not there."""

    quote_ns_max: int
    rate_ns_max: int


def series_of_books(
    name: str, books: Iterable[Book], pair: Pair, wishes: Wishes, rate_step: Decimal, ages: BookAges
) -> Series:
    """Return the series of recorded books. Raises: ConfigError where there is none of what is asked."""
    if pair.rate_key is None:
        raise ConfigError("--data: books without a rate between the venues are not replayed")
    rows = list(_seconds(books, pair.rate_key, ages))
    coins = wishes.coins or tuple(sorted({coin_of(key[1]) for _, there in rows for key in there} - {USDT}))
    if not rows or not coins:
        raise ConfigError(f"--data: {name} holds no books of that time")
    keys = [(venue, symbol_on(venue, coin)) for coin in coins for venue in pair.venues]
    kept = {key: tuple(there.get(key) for _, there in rows) for key in (*keys, pair.rate_key)}
    for coin in coins:
        if not any(any(kept[venue, symbol_on(venue, coin)]) for venue in pair.venues):
            raise ConfigError(f"--coins: no book of {coin} was recorded in that time")
    return Series(
        name=name,
        ts_ns=np.array([at_ns for at_ns, _ in rows], dtype=np.int64),
        coins=tuple(coins),
        prices={(venue, coin_of(symbol)): _column(kept[venue, symbol], _mid) for venue, symbol in keys},
        rate=_column(kept[pair.rate_key], _mid),
        rate_source="the rate's book",
        rate_step=rate_step,
        assumed=assumed_of_quotes(pair, wishes, GAP_S),
        notes=(NOTE,),
        halves={(venue, coin_of(symbol)): _column(kept[venue, symbol], _half_bps) for venue, symbol in keys},
        books=kept,
    )


def _seconds(
    books: Iterable[Book], rate_key: Key, ages: BookAges
) -> Iterator[tuple[int, Mapping[Key, Book]]]:
    """Yield each second in which a book came, at its end, with the newest books that are young enough."""
    newest: dict[Key, Book] = {}
    second = -1
    for book in books:
        if (now := book.ts_recv_ns // NS_PER_S) > second >= 0:
            yield _row(newest, (second + 1) * NS_PER_S, rate_key, ages)
        second = max(second, now)
        newest[book.venue, book.symbol] = book
    if newest:
        yield _row(newest, (second + 1) * NS_PER_S, rate_key, ages)


def _row(
    newest: Mapping[Key, Book], at_ns: int, rate_key: Key, ages: BookAges
) -> tuple[int, Mapping[Key, Book]]:
    return at_ns, {
        key: book
        for key, book in newest.items()
        if at_ns - book.ts_recv_ns <= (ages.rate_ns_max if key == rate_key else ages.quote_ns_max)
    }


def _column(books: Iterable[Book | None], value: Value) -> Array:
    return np.array([np.nan if book is None else value(book) for book in books], dtype=float)


def _mid(book: Book) -> float:
    return float(book.mid)


def _half_bps(book: Book) -> float:
    return float((book.ask - book.bid) / (book.ask + book.bid) * 10_000)
