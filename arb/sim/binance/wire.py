"""Numbers and levels in Binance's form: decimal strings with eight places, milliseconds."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import Final

from arb.domain.time import NS_PER_MS
from arb.sim.core.book import SimulatedBook, SimulatedLevel

ZERO_TEXT: Final = "0.00000000"


def text(amount: Decimal) -> str:
    """Return `amount` with eight decimals."""
    return format(amount, ".8f")


def milliseconds(now_ns: int) -> int:
    """Return Unix milliseconds."""
    return now_ns // NS_PER_MS


def rows(levels: Iterable[SimulatedLevel]) -> list[list[str]]:
    """Return levels as [price, quantity] pairs."""
    return [[text(level.price), text(level.quantity)] for level in levels]


def row_text(side: tuple[list[float], list[float]]) -> str:
    """Return prices and quantities as the inside of a list of pairs."""
    return _pattern(len(side[0])) % tuple(chain.from_iterable(zip(*side, strict=True)))


@cache
def _pattern(count: int) -> str:
    return ",".join(['["%.8f","%.8f"]'] * count)


def top(levels: Sequence[SimulatedLevel]) -> tuple[str, str]:
    """Return price and quantity of the best level, zeros when the side is empty."""
    return (text(levels[0].price), text(levels[0].quantity)) if levels else (ZERO_TEXT, ZERO_TEXT)


def mid_of(book: SimulatedBook) -> Decimal:
    """Return the middle of the best prices; of one when the other side is empty."""
    prices = [levels[0].price for levels in (book.bids, book.asks) if levels]
    return sum(prices, Decimal(0)) / max(len(prices), 1)
