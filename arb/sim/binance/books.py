"""What has been published of each book, and under which update id.

A step's book ends at update id (step + 1) x 1000. A taker that eats into it adds one id for each
bite, so ids only rise. What changed is worked out against both the published and the eaten book,
so that a local book built from a snapshot and diffs is right whenever the snapshot was taken.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.core.exchange import Exchange
from arb.sim.core.faults import FaultPlan
from arb.sim.core.market_faults import shown
from arb.sim.core.orders import ZERO

IDS_PER_STEP: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class BookChange:
    """One published move from a book to the next, with the ids a depth diff carries."""

    coin: str
    first_id: int
    last_id: int
    book: SimulatedBook
    before: tuple[SimulatedBook, SimulatedBook]  # as published, and as takers have left it
    earlier: "BookChange | None" = None  # what this change is told together with

    @property
    def moved_top(self) -> bool:
        """Whether the best levels are others than takers have left."""
        return self.before[1].top() != self.book.top()

    @cached_property
    def bids(self) -> tuple[SimulatedLevel, ...]:
        """Return the changed levels; quantity 0 removes."""
        changed = _changes([book.bids for book in self.before], self.book.bids)
        return changed if self.earlier is None else _latest(self.earlier.bids, changed)

    @cached_property
    def asks(self) -> tuple[SimulatedLevel, ...]:
        """Return the changed levels; quantity 0 removes."""
        changed = _changes([book.asks for book in self.before], self.book.asks)
        return changed if self.earlier is None else _latest(self.earlier.asks, changed)


def merged(earlier: BookChange | None, later: BookChange) -> BookChange:
    """Return two moves in a row as one; of a level changed twice the later quantity counts."""
    if earlier is None:
        return later
    return replace(later, first_id=earlier.first_id, earlier=earlier)


class PublishedBooks:
    """The last published book and id of each coin; `now` is what is left of it."""

    def __init__(self, exchange: Exchange, faults: FaultPlan) -> None:
        self._exchange = exchange
        self._faults = faults
        self._published: dict[str, SimulatedBook] = {}
        self._left: dict[str, SimulatedBook] = {}  # as of the last bite, if takers ate since publishing
        self._diff_ids: dict[str, int] = {}
        self._ids: dict[str, int] = {}

    def now(self, coin: str) -> tuple[int, SimulatedBook]:
        """Return the current update id and what takers have left."""
        return self._ids[coin], shown(self._faults, coin, self._exchange.book(coin))

    def publish(self, coin: str, step: int, book: SimulatedBook) -> BookChange:
        """Take `book` as the one of `step` and return what changed, as the venue shows it."""
        book = shown(self._faults, coin, book)
        before = self._published.get(coin, SimulatedBook(bids=(), asks=()))
        left = self._left.pop(coin, before)
        last_id = max((step + 1) * IDS_PER_STEP, self._ids.get(coin, 0) + 1)
        change = BookChange(
            coin=coin,
            first_id=self._diff_ids.get(coin, last_id - 1) + 1,
            last_id=last_id,
            book=book,
            before=(before, left),
        )
        self._published[coin] = book
        self._diff_ids[coin] = self._ids[coin] = last_id
        return change

    def follow(self, coin: str, update_id: int) -> None:
        """Take over an update id from recorded frames."""
        self._ids[coin] = max(update_id, self._ids.get(coin, 0))

    def bite(self, coin: str) -> tuple[int, SimulatedBook]:
        """Note that a taker ate into the book; return the new id and what is left."""
        self._ids[coin] += 1
        self._left[coin] = shown(self._faults, coin, self._exchange.book(coin))
        return self._ids[coin], self._left[coin]


def _changes(
    before: Iterable[Iterable[SimulatedLevel]], after: Iterable[SimulatedLevel]
) -> tuple[SimulatedLevel, ...]:
    """Return the levels that differ from any of the books before, in the new book's order."""
    old: set[SimulatedLevel] = set()
    unchanged: set[SimulatedLevel] | None = None
    for levels in before:
        seen = set(levels)
        old |= seen
        unchanged = seen if unchanged is None else unchanged & seen
    new = tuple(after)
    prices: set[Decimal] = {level.price for level in new}
    gone = {level.price for level in old} - prices
    changed = [level for level in new if level not in (unchanged or set())]
    return (*changed, *(SimulatedLevel(price, ZERO) for price in sorted(gone)))


def _latest(earlier: Iterable[SimulatedLevel], later: Iterable[SimulatedLevel]) -> tuple[SimulatedLevel, ...]:
    levels = {level.price: level.quantity for level in (*earlier, *later)}
    return tuple(SimulatedLevel(price, quantity) for price, quantity in levels.items())
