"""Order books as values, and what an order takes of them. Pure.

Levels are sorted best first, prices quote per base, quantities base and multiples of the venue's lot.
A taker walks the opposite side from the best level. A resting order is filled by a later book that
reaches its price, at its own price.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from arb.sim.core.orders import ZERO, Side
from arb.sim.core.ticks import floor_to


class Level(NamedTuple):
    """A price and how much is there."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Both sides of one instrument, best level first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Liquidity:
    """What is left of one step's book. Later books replace it, so takers never change the path."""

    def __init__(self, book: Book) -> None:
        self._sides = {Side.BUY: list(book.asks), Side.SELL: list(book.bids)}

    def against(self, taker: Side) -> list[Level]:
        """Return the levels a taker of that side meets, best first."""
        return self._sides[taker]

    def consume(self, taker: Side, taken: Iterable[Level]) -> None:
        """Remove what a taker took."""
        left = {level.price: level.quantity for level in self._sides[taker]}
        for level in taken:
            left[level.price] -= level.quantity
        self._sides[taker] = [Level(price, quantity) for price, quantity in left.items() if quantity > ZERO]

    def book(self) -> Book:
        """Return what is left as a book."""
        return Book(bids=tuple(self._sides[Side.SELL]), asks=tuple(self._sides[Side.BUY]))


def accepts(side: Side, limit: Decimal | None, price: Decimal) -> bool:
    """Whether an order with `limit` may trade at `price`."""
    if limit is None:
        return True
    return price <= limit if side is Side.BUY else price >= limit


def take(levels: Iterable[Level], side: Side, limit: Decimal | None, quantity: Decimal) -> list[Level]:
    """Return the part of `levels` that `quantity` base takes."""
    taken = []
    for level in levels:
        if quantity <= ZERO or not accepts(side, limit, level.price):
            break
        amount = min(level.quantity, quantity)
        taken.append(Level(level.price, amount))
        quantity -= amount
    return taken


def take_quote(
    levels: Iterable[Level], side: Side, limit: Decimal | None, quote: Decimal, lot: Decimal
) -> list[Level]:
    """Return the part of `levels` that `quote` buys (or that sells for it), in whole lots."""
    taken = []
    for level in levels:
        amount = min(level.quantity, floor_to(quote / level.price, lot))
        if amount <= ZERO or not accepts(side, limit, level.price):
            break
        taken.append(Level(level.price, amount))
        quote -= amount * level.price
    return taken


def quantity_of(levels: Iterable[Level]) -> Decimal:
    """Return the base quantity of `levels`."""
    return sum((level.quantity for level in levels), ZERO)


def value_of(levels: Iterable[Level]) -> Decimal:
    """Return the quote value of `levels`."""
    return sum((level.price * level.quantity for level in levels), ZERO)
