"""The quote store without a server: the twin for tests and replays."""

import threading
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Final

from arb.domain.errors import StoreUnavailable
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue, coin_of
from arb.domain.time import NS_PER_MS
from arb.engine.market.markets import symbol_on
from arb.ports.market import COINS_AT_ONCE, Changed, Clock, Quotes, ReadyMessage, Worth, Written

PENDING_MS: Final = 1_000
Key = tuple[Venue, Symbol]


class MemoryQuoteStore:
    """Keeps books in a dictionary; `away` makes it fail as an unreachable server does."""

    def __init__(self, clock: Clock, pending_ms: int = PENDING_MS, at_once: int = COINS_AT_ONCE) -> None:
        self._clock = clock
        self._pending_ns, self._at_once = pending_ms * NS_PER_MS, at_once
        self._pending_until_ns = 0
        self._books: dict[Key, Book] = {}
        self._dirty: set[Coin] = set()
        self._fences: dict[Coin, int] = {}
        self._lock = threading.Lock()
        self.away = False
        self.notices: list[ReadyMessage] = []  # what a broker on the same server would have

    def put(
        self, books: Sequence[Book], dirty: Sequence[Coin], notice: ReadyMessage | None = None
    ) -> Written:
        """Write what is its owner's, mark dirty. Raises: StoreUnavailable."""
        self._reach()
        now_ns = self._clock.steady_ns()
        with self._lock:
            taken = [book for book in books if self._owns(book)]
            fenced = tuple({coin_of(book.symbol): None for book in books if not self._owns(book)})
            if books and not taken:
                return Written(due=False, fenced=fenced)
            self._books.update({(book.venue, book.symbol): book for book in taken})
            self._dirty.update(dirty)
            due = now_ns >= self._pending_until_ns
            if due:
                self._pending_until_ns = now_ns + self._pending_ns
            if due and notice is not None:
                self.notices.append(notice)
            return Written(due and notice is None, due and notice is not None, fenced)

    def take(self, venues: Sequence[Venue], also: Sequence[Key], worth: Worth) -> Changed:
        """Clear the pending mark, take dirty coins and look at them. Raises: StoreUnavailable."""
        self._reach()
        with self._lock:
            changed = tuple(islice(self._dirty, self._at_once))
            self._dirty -= set(changed)
            more = bool(self._dirty)
            self._pending_until_ns = self._clock.steady_ns() + self._pending_ns if more else 0
        coins = tuple(worth(changed))
        wanted = sorted(frozenset(changed).intersection(coins))
        keys = [(venue, symbol_on(venue, coin)) for coin in wanted for venue in venues]
        return Changed(coins, self.look([*keys, *also]), more)

    def get(self, instruments: Sequence[Key]) -> Mapping[Key, Book]:
        """Return the books that are there. Raises: StoreUnavailable."""
        self._reach()
        with self._lock:
            return {key: self._books[key] for key in instruments if key in self._books}

    def look(self, instruments: Sequence[Key]) -> Quotes:
        """Return the books that are there, with the fences in force. Raises: StoreUnavailable."""
        books = self.get(instruments)
        with self._lock:
            return Quotes(books, dict(self._fences))

    def remove(self, instruments: Mapping[Key, int]) -> None:
        """Forget these books, each under the fence of its owner. Raises: StoreUnavailable."""
        self._reach()
        with self._lock:
            for key, fence in instruments.items():
                if self._fences.get(coin_of(key[1]), 0) == fence:
                    self._books.pop(key, None)

    def fence(self, fences: Mapping[Coin, int], moved: Collection[Coin]) -> None:
        """Put other fences in force, and forget the books of coins that moved."""
        with self._lock:
            self._fences = dict(fences)
            for key in [key for key in self._books if coin_of(key[1]) in moved]:
                del self._books[key]

    def _owns(self, book: Book) -> bool:
        return self._fences.get(coin_of(book.symbol), 0) == book.fence

    def _reach(self) -> None:
        if self.away:
            raise StoreUnavailable("memory: away")
