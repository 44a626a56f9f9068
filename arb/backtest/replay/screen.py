"""Rows in which nothing can be opened, told by arithmetic on whole columns.

It only ever says no where the engine would: the bound is the edge at the best price of the row, with the
fees and half spreads of the row and none of what makes it less (price steps, the rate's sides and its past,
depth beyond the best price), and a margin far above what floats lose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from arb.backtest.reading.series import Array, Series
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.pair import Pair

MARGIN_BPS: Final = 0.001  # floats of prices lose a millionth of that
BPS: Final = 10_000.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that opening in either direction of a pair could bring in each row, in basis points."""

    selling: Array  # on the first venue
    buying: Array

    @property
    def best(self) -> Array:
        """Return the better of both; NaN where the coin cannot be traded."""
        return np.maximum(self.selling, self.buying)


def edge_bounds(series: Series, pair: Pair, fees_bps: Mapping[Venue, Decimal], coin: Coin) -> Bounds:
    """Return the bounds of a coin's net edge."""
    first, second = (series.prices[venue, coin] for venue in pair.venues)
    dear, cheap = (_shares(series, fees_bps, venue, coin) for venue in pair.venues)
    there = second * series.rate
    return Bounds(
        selling=(first * dear[0] / (there * cheap[1]) - 1.0) * BPS,
        buying=(there * cheap[0] / (first * dear[1]) - 1.0) * BPS,
    )


def _shares(
    series: Series, fees_bps: Mapping[Venue, Decimal], venue: Venue, coin: Coin
) -> tuple[Array, Array]:
    """Return what is got for a price of one, and what is paid."""
    half, fee = series.half_bps(venue, coin) / BPS, float(fees_bps[venue]) / BPS
    return (1 - half) * (1 - fee), (1 + half) * (1 + fee)


def may_open(bounds: Bounds, least_bps: Decimal) -> Array:
    """Return the rows in which an edge may reach the least that anything is opened for."""
    return bounds.best >= float(least_bps) - MARGIN_BPS
