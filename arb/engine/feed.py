"""The newest books of the coins one process owns, written at their own pace, and who is told of it.

Ticks are never queued: between two flushes only the newest book of each instrument is kept, so that
cost is bounded by instruments, not by messages. A flush writes what changed in one round trip and, if
no evaluation is pending, asks for one. The message carries the changed coins' books, so that
evaluation goes on while the store is away; then at most one is asked for per `OUTAGE_INTERVAL_NS`.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from arb.domain.book import Book
from arb.domain.degradation import BOOK_LEVELS, Degree
from arb.domain.errors import DispatchError, StoreUnavailable
from arb.domain.ids import Coin, Symbol, Venue
from arb.engine.book_codec import encode_book
from arb.engine.markets import USDT_KRW, keys_of
from arb.engine.nearness import never_degraded
from arb.engine.tally import Tally
from arb.ports import Clock, Dispatcher, QuoteStore

EVALUATE: Final = "arb.evaluate"
EVALUATE_EXPIRES_MS: Final = 500  # older quotes are not worth evaluating
OUTAGE_INTERVAL_NS: Final = 100_000_000
FLUSHES: Final = "feed_flushes"
Key = tuple[Venue, Symbol]


class FeedStore(QuoteStore, Protocol):
    """A quote store that can also forget."""

    def remove(self, instruments: Sequence[Key]) -> None:
        """Forget these books. Raises: StoreUnavailable."""


class Feed:
    """Takes books from any thread; one thread flushes."""

    def __init__(
        self,
        *,
        coins: Sequence[Coin],
        store: FeedStore,
        dispatcher: Dispatcher,
        tally: Tally,
        clock: Clock,
        degree: Callable[[], Degree] = never_degraded,
    ) -> None:
        self._coins = frozenset(coins)
        self._keys = keys_of(sorted(coins))
        self._store = store
        self._dispatcher = dispatcher
        self._tally = tally
        self._clock = clock
        self._degree = degree
        self._shallow = False
        self._lock = threading.Lock()  # guards the next four
        self._latest: dict[Key, Book] = {}
        self._changed: dict[Key, Book] = {}
        self._dirty: set[Coin] = set()
        self._gone: set[Key] = set(self._keys)  # what an earlier life of this process left behind
        self._owed: set[Coin] = set()  # changed, and nobody was asked to evaluate them yet
        self._asked_ns = 0
        self._taken = True  # the last message found a taker
        self.changed = threading.Event()
        self.write_lag_ns = 0  # from received to written, of the last flush
        self.store_away = False

    def accept(self, books: Iterable[Book]) -> None:
        """Keep these books, each the newest of its instrument."""
        with self._lock:
            for deep in books:
                book = deep.top(BOOK_LEVELS) if self._shallow else deep
                key = (book.venue, book.symbol)
                self._latest[key] = self._changed[key] = book
                self._dirty |= self._coins if key == USDT_KRW else {_coin(book)}
        self.changed.set()

    def invalidate(self, venue: Venue) -> None:
        """Forget every book of a venue, also in the store with the next flush."""
        gone = {key for key in self._keys if key[0] is venue}
        with self._lock:
            self._gone |= gone
            for key in gone:
                self._latest.pop(key, None)
                self._changed.pop(key, None)
        self.changed.set()

    def flush(self) -> None:
        """Write what changed and ask for its evaluation."""
        self._shallow = self._degree() >= Degree.SHALLOW
        with self._lock:
            gone, self._gone = self._gone, set()
            books, self._changed = tuple(self._changed.values()), {}
            self._owed |= self._dirty
            self._dirty = set()
        if not (gone or books or self._owed):
            return
        now_ns = self._clock.now_ns()
        try:
            due = self._write(gone, books)
        except StoreUnavailable:
            self._write_all_next(gone)
            due = False
        # Still owed although nothing is due: the store is away, or the last message found no taker.
        if self._owed and (due or now_ns - self._asked_ns >= OUTAGE_INTERVAL_NS):
            self._ask(now_ns)

    def _write(self, gone: set[Key], books: tuple[Book, ...]) -> bool:
        """Return whether an evaluation has to be asked for. Raises: StoreUnavailable."""
        if gone:
            self._store.remove(tuple(gone))
        due = bool(books or self._owed) and self._store.put(books, tuple(self._owed))
        if not due and self._taken:
            self._owed.clear()  # the pending evaluation takes them from the store
        if books:
            self.write_lag_ns = self._clock.now_ns() - max(book.ts_recv_ns for book in books)
        self._tally.count(FLUSHES, "written")
        self.store_away = False
        return due

    def _write_all_next(self, gone: set[Key]) -> None:
        """What the store missed, and what it may have lost, goes with the next flush."""
        self._tally.count(FLUSHES, "store_unavailable")
        self.store_away = True
        with self._lock:
            self._gone |= gone
            self._changed = dict(self._latest)

    def _ask(self, now_ns: int) -> None:
        """Enqueue one evaluation; if nobody takes it, the coins stay owed."""
        self._asked_ns = now_ns
        with self._lock:
            books = [self._latest[key] for key in keys_of(sorted(self._owed)) if key in self._latest]
        try:
            self._dispatcher.send(
                EVALUATE, [encode_book(book) for book in books], expires_ms=EVALUATE_EXPIRES_MS
            )
        except DispatchError:
            self._taken = False
            self._tally.count(FLUSHES, "dispatch_failed")
        else:
            self._taken = True
            self._owed.clear()


def _coin(book: Book) -> Coin:
    return Coin(book.symbol.partition("/")[0])
