"""The quote store without a server: the twin for tests and replays."""

import threading
from collections.abc import Mapping, Sequence
from typing import Final

from arb.domain.book import Book
from arb.domain.errors import StoreUnavailable
from arb.domain.ids import Coin, Symbol, Venue
from arb.ports import Clock

PENDING_MS: Final = 1_000
NS_PER_MS: Final = 1_000_000
Key = tuple[Venue, Symbol]


class MemoryQuoteStore:
    """Keeps books in a dictionary; `away` makes it fail as an unreachable server does."""

    def __init__(self, clock: Clock, pending_ms: int = PENDING_MS) -> None:
        self._clock = clock
        self._pending_ns = pending_ms * NS_PER_MS
        self._pending_until_ns = 0
        self._books: dict[Key, Book] = {}
        self._dirty: set[Coin] = set()
        self._lock = threading.Lock()
        self.away = False

    def put(self, books: Sequence[Book], dirty: Sequence[Coin]) -> bool:
        """Write, mark dirty, and tell whether no evaluation was pending. Raises: StoreUnavailable."""
        self._reach()
        now_ns = self._clock.now_ns()
        with self._lock:
            self._books.update({(book.venue, book.symbol): book for book in books})
            self._dirty.update(dirty)
            if now_ns < self._pending_until_ns:
                return False
            self._pending_until_ns = now_ns + self._pending_ns
            return True

    def take_dirty(self) -> tuple[Coin, ...]:
        """Clear the pending mark, then drain the dirty set. Raises: StoreUnavailable."""
        self._reach()
        with self._lock:
            self._pending_until_ns = 0
            coins, self._dirty = tuple(self._dirty), set()
            return coins

    def get(self, instruments: Sequence[Key]) -> Mapping[Key, Book]:
        """Return the books that are there. Raises: StoreUnavailable."""
        self._reach()
        with self._lock:
            return {key: self._books[key] for key in instruments if key in self._books}

    def remove(self, instruments: Sequence[Key]) -> None:
        """Forget these books. Raises: StoreUnavailable."""
        self._reach()
        with self._lock:
            for key in instruments:
                self._books.pop(key, None)

    def _reach(self) -> None:
        if self.away:
            raise StoreUnavailable("memory: away")
