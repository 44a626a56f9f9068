"""Recorded books as the market: each venue shows what was recorded of it, at the pace at which it came.

Until the recording begins its first books are shown again with every step, so that whoever joins is up to
date. Then a step brings what came since the last one, the newest book of each coin, and of a coin of which
nothing came it brings none. A hole of the recording is one here, and after its last book nothing comes. It
begins with the step after the moment that a file holds, once there is one, or at the epoch where no file is
named. What moves prices or changes rules does not touch these books.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from arb.adapters.local.book_files import read_books
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Venue, coin_of
from arb.domain.time import ALWAYS, NS_PER_MS, NS_PER_S
from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.core.config import SPEED_WITHOUT_LIMIT, SimConfig, SimConfigError
from arb.sim.core.step_times import StepTimes
from arb.sim.venues import SIMULATED

if TYPE_CHECKING:
    from arb.sim.core.market import Conditions

OPENING_NS: Final = 60 * NS_PER_S  # a market of which no book came for so long is not in the recording


@dataclass(frozen=True, slots=True)
class RecordingOpening:
    """When a recording begins, and the first book of each market in it."""

    begins_ns: int
    books: Mapping[tuple[Venue, Coin], Book]


def opening_of(folder: Path) -> RecordingOpening:
    """Return how a recording begins. Raises: SimConfigError where it holds no book."""
    begins_ns, first = 0, dict[tuple[Venue, Coin], Book]()
    try:
        for book in read_books(folder, ALWAYS):
            begins_ns = begins_ns or book.ts_recv_ns
            if book.ts_recv_ns > begins_ns + OPENING_NS:
                break
            first.setdefault((book.venue, coin_of(book.symbol)), book)
    except OSError as error:
        raise SimConfigError(f"tape {folder}: {error.strerror or 'cannot be read'}") from None
    if not first:
        raise SimConfigError(f"tape {folder}: holds no recorded books")
    return RecordingOpening(begins_ns, first)


class RecordedMarket(StepTimes):
    """Books of every venue in a recording, by step since the epoch."""

    def __init__(self, config: SimConfig, folder: Path) -> None:
        super().__init__(config.epoch_ns, config.step_ms * NS_PER_MS)
        self._folder = folder
        self._opening = opening_of(folder)
        self._coins = {coin.name: coin for coin in config.coin_table()}
        self._speed = float(config.speed_factor() or SPEED_WITHOUT_LIMIT)
        self._begins_file = None if config.tape_begins is None else Path(config.tape_begins)
        self._first_step = 0 if self._begins_file is None else None
        self._playing: dict[Venue, _Playing] = {}
        for venue in {venue for venue, _ in self._opening.books}:
            if missing := [name for name in self._coins if (venue, name) not in self._opening.books]:
                raise SimConfigError(f"tape {folder}: no book of {missing[0]} at {venue} in its first minute")

    def coins(self, venue: Venue) -> tuple[str, ...]:
        """Return what is traded on `venue`; on one that quotes in KRW that includes USDT."""
        traded = (*self._coins, "USDT") if venue.quote == "KRW" else tuple(self._coins)
        return tuple(name for name in traded if (venue, name) in self._opening.books)

    def lot_of(self, venue: Venue, coin: str) -> Decimal:
        """Return the smallest quantity of a coin, base."""
        return SIMULATED[venue].market.lot or self._coins[coin].lot

    def books(
        self, venue: Venue, step: int, _conditions: "Conditions | None" = None
    ) -> Mapping[str, SimulatedBook]:
        """Return the books that `step` brings, by coin name. Steps must not go backwards."""
        joins = venue not in self._playing
        if joins:
            self._playing[venue] = self._play(venue)
        playing, first = self._playing[venue], self._first()
        if first is None or step <= first:
            return dict(playing.newest)
        passed_ns = int((step - first) * self.step_ns * self._speed)
        fresh = playing.until(self._opening.begins_ns + passed_ns)
        return dict(playing.newest) if joins else fresh

    def _play(self, venue: Venue) -> "_Playing":
        books = (book for book in read_books(self._folder, ALWAYS) if book.venue is venue)
        return _Playing(books, {coin: self._opening.books[venue, Coin(coin)] for coin in self.coins(venue)})

    def _first(self) -> int | None:
        """Return the step with which the recording begins, None as long as nobody knows it."""
        if self._first_step is None and self._begins_file is not None:
            with suppress(OSError, ValueError):
                self._first_step = self.step_at(int(self._begins_file.read_text())) + 1
        return self._first_step


class _Playing:
    """How far the books of a venue are played."""

    def __init__(self, books: Iterator[Book], first: Mapping[str, Book]) -> None:
        self.newest = {coin: _shown(book) for coin, book in first.items()}
        self._books = books
        self._next = next(books, None)

    def until(self, at_ns: int) -> dict[str, SimulatedBook]:
        """Return the newest book of each coin that came since the last time, up to a moment."""
        came: dict[str, Book] = {}
        while self._next is not None and self._next.ts_recv_ns <= at_ns:
            coin = coin_of(self._next.symbol)
            if coin in self.newest:
                came[coin] = self._next
            self._next = next(self._books, None)
        fresh = {coin: _shown(book) for coin, book in came.items()}
        self.newest |= fresh
        return fresh


def _shown(book: Book) -> SimulatedBook:
    return SimulatedBook(
        bids=tuple(SimulatedLevel(*level) for level in book.bids),
        asks=tuple(SimulatedLevel(*level) for level in book.asks),
    )
