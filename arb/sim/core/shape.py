"""From a fair mid to a book: levels on the venue's ticks with random but seeded gaps and sizes.

Pure: the same dice and mid give the same book. Levels hold about 300 to 4,000 USDT each near the top
and grow with depth, so that one to three thousand USDT fill within a few basis points. Prices are
counted in ticks and sizes in lots, and only of levels that somebody asks for: hundreds of books are made
ten times a second, and most of them only to be told, in part.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import accumulate, groupby
from math import ceil, floor
from operator import add, itemgetter, sub
from random import Random
from typing import Final

from arb.sim.core.book import LEVELS, Grid, SimulatedBook, SimulatedLevel
from arb.sim.core.orders import ZERO
from arb.sim.core.ticks import TickRule, ceil_to

GAP_BPS_MAX: Final = 0.8
NOTIONAL_USDT: Final = (300.0, 4_000.0)
DICE: Final = 1 + 4 * LEVELS  # of one book: spread, then gap and size of each level
FACES: Final = 65_536
# How gaps between levels widen and sizes grow with depth, for dice of that many faces.
_GAPS: Final = tuple(GAP_BPS_MAX / 10_000 * (1 + depth / 10) / FACES for depth in range(LEVELS - 1))
_SPAN: Final = (NOTIONAL_USDT[1] - NOTIONAL_USDT[0]) / FACES
_SIZES: Final = tuple(1 + depth / 5 for depth in range(LEVELS))
_REACH: Final = sum(_GAPS) * FACES  # of the widest book, as a fraction of its mid


@dataclass(frozen=True, slots=True, kw_only=True)
class BookShape:
    """How one instrument's books look on one venue."""

    tick: TickRule
    lot: Decimal
    spread_bps: tuple[float, float]  # between best bid and best ask, uniform
    usdt_per_quote: float  # to express level sizes in the quote currency


def throw(seed: str, books: int) -> memoryview:
    """Return the dice of that many books, `DICE` for each."""
    return memoryview(Random(seed).randbytes(2 * DICE * books)).cast("H")


def make_book(shape: BookShape, mid: float, dice: Sequence[int]) -> SimulatedBook:
    """Return the book around `mid`, quote per base."""
    low, high = shape.spread_bps
    half = mid * (low + (high - low) * dice[0] / FACES) / 20_000
    tick = shape.tick(Decimal(mid))
    size = float(tick)
    bid = max(floor((mid - half) / size), 1)
    ask = max(ceil((mid + half) / size), bid + 1)
    lots = 1 / (mid * shape.usdt_per_quote * float(shape.lot))  # per USDT
    bids = partial(_side, bid, sub, mid / size, lots, dice[1 : 1 + 2 * LEVELS])
    asks = partial(_side, ask, add, mid / size, lots, dice[1 + 2 * LEVELS :])
    book = SimulatedBook.of_grid(Grid(tick=tick, lot=shape.lot, bids=bids, asks=asks))
    highest = (ask + LEVELS + int(mid / size * _REACH)) * tick
    if shape.tick(highest) == tick:  # a finer tick below is no trouble: it divides this one
        return book
    return SimulatedBook(bids=book.bids, asks=_on_their_ticks(book.asks, shape.tick))


def _side(
    best: int,
    away: Callable[[int, int], int],
    mid_ticks: float,
    lots_per_usdt: float,
    dice: Sequence[int],
    depth: int,
) -> tuple[list[int], list[int]]:
    """Return ticks and lots from `best` away from the mid; gaps widen and sizes grow with depth."""
    low = NOTIONAL_USDT[0]
    gaps = [1 + int(mid_ticks * gap * jump) for gap, jump in zip(_GAPS[: depth - 1], dice[::2], strict=False)]
    lots = [
        1 + int((low + _SPAN * amount) * grows * lots_per_usdt)
        for grows, amount in zip(_SIZES[:depth], dice[1::2], strict=False)
    ]
    ticks = list(accumulate(gaps, away, initial=best))
    if ticks[-1] <= 0:
        ticks = [each for each in ticks if each > 0]
    return ticks, lots[: len(ticks)]


def _on_their_ticks(asks: Iterable[SimulatedLevel], tick: TickRule) -> tuple[SimulatedLevel, ...]:
    """Return levels that reach into a band of prices with a coarser tick, on the ticks of that band."""
    moved = ((ceil_to(price, tick(price)), quantity) for price, quantity in asks)
    return tuple(
        SimulatedLevel(price, sum((quantity for _, quantity in same), ZERO))
        for price, same in groupby(moved, key=itemgetter(0))
    )
