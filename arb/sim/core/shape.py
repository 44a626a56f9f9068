"""From a fair mid to a book: levels on the venue's ticks with random but seeded gaps and sizes.

Pure: the same dice and mid give the same book. Levels hold about 300 to 4,000 USDT each near the top
and grow with depth, so that one to three thousand USDT fill within a few basis points. Prices are
counted in ticks and sizes in lots: hundreds of books are made ten times a second, and most of them
only to be told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from math import ceil, floor
from operator import itemgetter
from random import Random
from typing import Final

from arb.sim.core.book import Book, Grid, Level
from arb.sim.core.orders import ZERO
from arb.sim.core.ticks import TickRule, ceil_to

LEVELS: Final = 25
GAP_BPS_MAX: Final = 0.8
NOTIONAL_USDT: Final = (300.0, 4_000.0)
DICE: Final = 1 + 4 * LEVELS  # of one book: spread, then gap and size of each level
FACES: Final = 65_536
# How gaps widen and sizes grow with depth, for dice of that many faces.
_GAPS: Final = tuple(GAP_BPS_MAX / 10_000 * (1 + depth / 10) / FACES for depth in range(LEVELS))
_SPAN: Final = (NOTIONAL_USDT[1] - NOTIONAL_USDT[0]) / FACES
_SIZES: Final = tuple(1 + depth / 5 for depth in range(LEVELS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How one instrument's books look on one venue."""

    tick: TickRule
    lot: Decimal
    spread_bps: tuple[float, float]  # between best bid and best ask, uniform
    usdt_per_quote: float  # to express level sizes in the quote currency


def throw(seed: str, books: int) -> memoryview:
    """Return the dice of that many books, `DICE` for each."""
    return memoryview(Random(seed).randbytes(2 * DICE * books)).cast("H")


def make_book(shape: Shape, mid: float, dice: Sequence[int]) -> Book:
    """Return the book around `mid`, quote per base."""
    low, high = shape.spread_bps
    half = mid * (low + (high - low) * dice[0] / FACES) / 20_000
    tick = shape.tick(Decimal(mid))
    size = float(tick)
    bid = max(floor((mid - half) / size), 1)
    ask = max(ceil((mid + half) / size), bid + 1)
    lots = 1 / (mid * shape.usdt_per_quote * float(shape.lot))  # per USDT
    bids = _side(bid, -1, mid / size, lots, dice[1 : 1 + 2 * LEVELS])
    asks = _side(ask, 1, mid / size, lots, dice[1 + 2 * LEVELS :])
    grid = Grid(tick=tick, lot=shape.lot, bids=bids, asks=asks)
    if shape.tick(asks[-1][0] * tick) == tick:  # a finer tick below is no trouble: it divides this one
        return Book.of_grid(grid)
    whole = Book.of_grid(grid)
    return Book(bids=whole.bids, asks=_on_their_ticks(whole.asks, shape.tick))


def _side(
    best: int, direction: int, mid_ticks: float, lots_per_usdt: float, dice: Sequence[int]
) -> list[tuple[int, int]]:
    """Return (ticks, lots) from `best` away from the mid; gaps widen and sizes grow with depth."""
    low = NOTIONAL_USDT[0]
    levels = []
    price = best
    for gap, grows, jump, amount in zip(_GAPS, _SIZES, dice[::2], dice[1::2], strict=True):
        levels.append((price, 1 + int((low + _SPAN * amount) * grows * lots_per_usdt)))
        price += direction * (1 + int(mid_ticks * gap * jump))
        if price <= 0:
            break
    return levels


def _on_their_ticks(asks: Iterable[Level], tick: TickRule) -> tuple[Level, ...]:
    """Return levels that reach into a band of prices with a coarser tick, on the ticks of that band."""
    moved = ((ceil_to(price, tick(price)), quantity) for price, quantity in asks)
    return tuple(
        Level(price, sum((quantity for _, quantity in same), ZERO))
        for price, same in groupby(moved, key=itemgetter(0))
    )
