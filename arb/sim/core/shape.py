"""From a fair mid to a book: levels on the venue's ticks with random but seeded gaps and sizes.

Pure: the same seed text and mid give the same book. Levels hold about 300 to 4,000 USDT each near
the top and grow with depth, so that one to three thousand USDT fill within a few basis points.
"""

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from arb.sim.core.book import Book, Level
from arb.sim.core.ticks import TickRule, ceil_to, floor_to

LEVELS: Final = 25
GAP_BPS_MAX: Final = 0.8
NOTIONAL_USDT: Final = (300.0, 4_000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How one instrument's books look on one venue."""

    tick: TickRule
    lot: Decimal
    spread_bps: tuple[float, float]  # between best bid and best ask, uniform
    usdt_per_quote: float  # to express level sizes in the quote currency


def make_book(shape: Shape, mid: float, seed: str) -> Book:
    """Return the book around `mid`, quote per base."""
    rng = Random(seed)
    half = mid * rng.uniform(*shape.spread_bps) / 20_000
    tick = shape.tick(Decimal(mid))
    bid = floor_to(Decimal(mid - half), tick)
    ask = max(ceil_to(Decimal(mid + half), tick), bid + tick)
    sizes = _sizes(shape, mid, rng)
    bids = _side(shape, bid, -1, rng, sizes[:LEVELS])
    asks = _side(shape, ask, 1, rng, sizes[LEVELS:])
    return Book(bids=bids, asks=asks)


def _sizes(shape: Shape, mid: float, rng: Random) -> list[Decimal]:
    """Return base quantities for both sides, at least one lot each."""
    unit = mid * shape.usdt_per_quote * float(shape.lot)
    low, high = NOTIONAL_USDT
    return [
        int(1 + rng.uniform(low, high) * (1 + depth / 5) / unit) * shape.lot
        for _side_number in range(2)
        for depth in range(LEVELS)
    ]


def _side(
    shape: Shape, best: Decimal, direction: int, rng: Random, sizes: list[Decimal]
) -> tuple[Level, ...]:
    """Return levels from `best` away from the mid; gaps widen with depth."""
    levels = []
    price = best
    for depth, size in enumerate(sizes):
        levels.append(Level(price, size))
        tick = shape.tick(price if direction > 0 else price - price.scaleb(-12))
        gap_bps = rng.random() * GAP_BPS_MAX * (1 + depth / 10)
        ticks = int(float(price) * gap_bps / 10_000 / float(tick)) + 1
        price += direction * ticks * tick
        price = (ceil_to if direction > 0 else floor_to)(price, shape.tick(price))
    return tuple(level for level in levels if level.price > 0)
