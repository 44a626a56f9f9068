"""Prices of coins on both venues over time, and the rate between: what a replay runs over.

Columns are arrays of one length. A price that is not there is NaN: nothing is filled in, nothing bridged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.time import Span

Array = Any  # of numpy, whose types mypy is spared


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What a series of prices does not say of the market, and is taken for granted instead."""

    half_spread_bps: Mapping[Venue, Decimal]  # from a price to either side of its book
    rate_half_spread_bps: Decimal
    depth_usdt: Decimal  # that each side of each book has, at one price
    latency_ms: int  # from a decision to the venue
    gap_ns: int  # a hole of more than that ends what is open


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Prices by coin and venue. Stamps grow and none is there twice."""

    name: str
    ts_ns: Array  # when each row was known
    coins: tuple[Coin, ...]
    prices: Mapping[tuple[Venue, Coin], Array]
    rate: Array  # of the second venue's currency in the first one's
    rate_source: str  # in words
    rate_step: Decimal  # of its price; 0 where it is none that can be traded at
    assumed: Assumed
    notes: tuple[str, ...] = ()  # what whoever reads a result has to know
    flaws: Mapping[str, int] = field(default_factory=dict)  # of the rows as they were read
    halves: Mapping[tuple[Venue, Coin], Array] = field(default_factory=dict)  # half spreads, where recorded
    books: Mapping[tuple[Venue, Symbol], Sequence[Book | None]] = field(default_factory=dict)  # whole ones

    def __len__(self) -> int:
        return len(self.ts_ns)

    def complete(self, coin: Coin) -> Array:
        """Return in which rows a coin can be traded: both prices and the rate are there."""
        known = ~np.isnan(self.rate)
        for (_, listed), price in self.prices.items():
            if listed == coin:
                known = known & ~np.isnan(price)
        return known

    def half_bps(self, venue: Venue, coin: Coin) -> Array:
        """Return how far either side of a book is from its price in each row: recorded, or assumed."""
        assumed = np.full(len(self), float(self.assumed.half_spread_bps[venue]))
        recorded = self.halves.get((venue, coin))
        return assumed if recorded is None else np.where(np.isnan(recorded), assumed, recorded)

    def within(self, span: Span) -> "Series":
        """Return the rows of a span of time."""
        first = int(np.searchsorted(self.ts_ns, span.from_ns, side="left"))
        last = int(np.searchsorted(self.ts_ns, span.to_ns, side="right"))
        return self.cut(first, last)

    def cut(self, first: int, last: int) -> "Series":
        """Return the rows from one number to before another."""
        return replace(
            self,
            ts_ns=self.ts_ns[first:last],
            prices={key: price[first:last] for key, price in self.prices.items()},
            rate=self.rate[first:last],
            halves={key: half[first:last] for key, half in self.halves.items()},
            books={key: books[first:last] for key, books in self.books.items()},
        )

    def of(self, coins: tuple[Coin, ...]) -> "Series":
        """Return the series with these coins only."""
        kept = {key: price for key, price in self.prices.items() if key[1] in coins}
        return replace(self, coins=coins, prices=kept)

    def gaps(self, coin: Coin) -> Array:
        """Return how long each hole in a coin's rows is that ends what is open."""
        steps = np.diff(self.ts_ns[self.complete(coin)])
        return steps[steps > self.assumed.gap_ns]
