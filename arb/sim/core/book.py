"""Order books as values, and what an order takes of them. Pure.

Levels are sorted best first, prices quote per base, quantities base and multiples of the venue's lot.
A taker walks the opposite side from the best level. A resting order is filled by a later book that
reaches its price, at its own price.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final, NamedTuple, Self

from arb.sim.core.orders import ZERO, OrderSide
from arb.sim.core.ticks import floor_to


class SimulatedLevel(NamedTuple):
    """A price and how much is there."""

    price: Decimal
    quantity: Decimal


LEVELS: Final = 25  # the most that a ladder has
Ladder = Callable[[int], tuple[list[int], list[int]]]  # depth -> ticks and lots of the best levels


class Grid(NamedTuple):
    """Both sides in whole ticks and lots: a book before anybody asks for levels, or for decimals."""

    tick: Decimal
    lot: Decimal
    bids: Ladder
    asks: Ladder

    def levels(self, side: Ladder, depth: int) -> tuple[SimulatedLevel, ...]:
        """Return the best levels of a side."""
        return tuple(
            SimulatedLevel(ticks * self.tick, lots * self.lot)
            for ticks, lots in zip(*side(depth), strict=True)
        )

    def floats(self, side: Ladder, depth: int) -> tuple[list[float], list[float]]:
        """Return prices and sizes of the best levels of a side: of each the float that is nearest to it."""
        (tick, part), (lot, share) = self.tick.as_integer_ratio(), self.lot.as_integer_ratio()
        prices, sizes = side(depth)
        return [ticks * tick / part for ticks in prices], [lots * lot / share for lots in sizes]


class SimulatedBook:
    """Both sides of one instrument, best level first. Of a grid, levels are made when asked for."""

    __slots__ = ("_asks", "_bids", "grid")

    def __init__(self, *, bids: tuple[SimulatedLevel, ...], asks: tuple[SimulatedLevel, ...]) -> None:
        self._bids: tuple[SimulatedLevel, ...] | None = bids
        self._asks: tuple[SimulatedLevel, ...] | None = asks
        self.grid: Grid | None = None

    @classmethod
    def of_grid(cls, grid: Grid) -> Self:
        """Return the book that a grid describes."""
        book = cls(bids=(), asks=())
        book.grid, book._bids, book._asks = grid, None, None
        return book

    @property
    def bids(self) -> tuple[SimulatedLevel, ...]:
        """Return the side that buys."""
        if self._bids is None and self.grid is not None:
            self._bids = self.grid.levels(self.grid.bids, LEVELS)
        return self._bids or ()

    @property
    def asks(self) -> tuple[SimulatedLevel, ...]:
        """Return the side that sells."""
        if self._asks is None and self.grid is not None:
            self._asks = self.grid.levels(self.grid.asks, LEVELS)
        return self._asks or ()

    def floats(self, depth: int) -> tuple[tuple[list[float], list[float]], tuple[list[float], list[float]]]:
        """Return prices and sizes of the side that buys, and of the one that sells: for text."""
        grid = self.grid
        if grid is None:
            return _floats(self.bids[:depth]), _floats(self.asks[:depth])
        return grid.floats(grid.bids, depth), grid.floats(grid.asks, depth)

    def top(self) -> tuple[object, ...]:
        """Return something that is equal for books with the same best levels."""
        if self.grid is not None:
            return (*self.grid.bids(1), *self.grid.asks(1))
        return (*self.bids[:1], *self.asks[:1])

    def touch(self, of_bids: bool) -> SimulatedLevel | None:
        """Return the best level of a side, or None where it is empty."""
        grid = self.grid
        if grid is None:
            return next(iter(self.bids if of_bids else self.asks), None)
        return grid.levels(grid.bids if of_bids else grid.asks, 1)[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SimulatedBook) and (self.bids, self.asks) == (other.bids, other.asks)

    def __hash__(self) -> int:
        return hash((self.bids, self.asks))

    def __repr__(self) -> str:
        return f"SimulatedBook(bids={self.bids!r}, asks={self.asks!r})"


def _floats(levels: Iterable[SimulatedLevel]) -> tuple[list[float], list[float]]:
    told = tuple(levels)
    return [float(level.price) for level in told], [float(level.quantity) for level in told]


class Liquidity:
    """What is left of one step's book. Later books replace it, so takers never change the path."""

    def __init__(self, book: SimulatedBook) -> None:
        self._whole: SimulatedBook | None = book  # until somebody takes of it
        self._sides: dict[OrderSide, list[SimulatedLevel]] = {}

    def against(self, taker: OrderSide) -> list[SimulatedLevel]:
        """Return the levels a taker of that side meets, best first."""
        if not self._sides and self._whole is not None:
            self._sides = {OrderSide.BUY: list(self._whole.asks), OrderSide.SELL: list(self._whole.bids)}
        return self._sides[taker]

    def consume(self, taker: OrderSide, taken: Iterable[SimulatedLevel]) -> None:
        """Remove what a taker took."""
        left = {level.price: level.quantity for level in self.against(taker)}
        for level in taken:
            left[level.price] -= level.quantity
        self._sides[taker] = [
            SimulatedLevel(price, quantity) for price, quantity in left.items() if quantity > ZERO
        ]
        self._whole = None

    def book(self) -> SimulatedBook:
        """Return the part of the book that nobody has taken."""
        if self._whole is not None:
            return self._whole
        return SimulatedBook(bids=tuple(self._sides[OrderSide.SELL]), asks=tuple(self._sides[OrderSide.BUY]))


def accepts(side: OrderSide, limit: Decimal | None, price: Decimal) -> bool:
    """Whether an order with `limit` may trade at `price`."""
    if limit is None:
        return True
    return price <= limit if side is OrderSide.BUY else price >= limit


class Budget:
    """What an order may still trade: base, or quote that buys (or is sold for) whole lots."""

    def __init__(self, *, base: Decimal | None = None, quote: Decimal = ZERO, lot: Decimal = ZERO) -> None:
        self._base, self._quote, self._lot = base, quote, lot

    def at(self, price: Decimal) -> Decimal:
        """Return the base quantity that the budget allows at `price`."""
        return self._base if self._base is not None else floor_to(self._quote / price, self._lot)

    def spend(self, price: Decimal, quantity: Decimal) -> None:
        """Take off what was traded."""
        if self._base is not None:
            self._base -= quantity
        else:
            self._quote -= price * quantity


def quantity_of(levels: Iterable[SimulatedLevel]) -> Decimal:
    """Return the base quantity of `levels`."""
    return sum((level.quantity for level in levels), ZERO)


def value_of(levels: Iterable[SimulatedLevel]) -> Decimal:
    """Return the quote value of `levels`."""
    return sum((level.price * level.quantity for level in levels), ZERO)
