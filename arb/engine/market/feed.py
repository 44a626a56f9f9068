"""The newest books of the coins one process owns, written at their own pace, and who is told of it.

Ticks are never queued: between two flushes only the newest book of each instrument is kept, so that
cost is bounded by instruments, not by messages. A flush writes what changed in one round trip and, if
no evaluation is pending, asks for one. While the store is away the message carries the changed coins'
books, so that evaluation goes on, and at most one is asked for per `OUTAGE_INTERVAL_NS`.

Every book goes out under the fence of its coin. Books of coins that are not owned go nowhere, but for
the rate: it goes with the messages, without a fence, since no coin is evaluated without it.

When the clock is set back every book is forgotten: stamped ahead of it, one that is never replaced (a venue
whose stamps are ahead of us is not heard meanwhile) would look young when the clock gets there again.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from arb.domain.errors import DispatchError, StoreUnavailable
from arb.domain.health.degradation import BOOK_LEVELS, Degree, never_degraded
from arb.domain.market.book import Book
from arb.domain.market.ids import USDT, Coin, Symbol, Venue, coin_of
from arb.domain.market.pair import Pair
from arb.domain.time import STAMP_AHEAD_NS_MAX
from arb.engine.market.book_codec import encode_book
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.markets import keys_of
from arb.ports.market import Clock, QuoteStore, ReadyMessage
from arb.ports.messaging import Dispatcher

EVALUATE: Final = "arb.evaluate"
EVALUATE_EXPIRES_MS: Final = 500  # older quotes are not worth evaluating
OUTAGE_INTERVAL_NS: Final = 100_000_000
FLUSHES: Final = "feed_flushes"
Key = tuple[Venue, Symbol]


class ReadyMessages(Protocol):
    """Makes messages that ask for an evaluation, where the store's server is the broker too."""

    def make(self, books: Sequence[Mapping[str, Any]]) -> ReadyMessage | None:
        """Return one that carries these books, None where it has to be sent another way."""

    def taken(self) -> None:
        """Note that the broker has one."""


class NoReadyMessages:
    """Makes none: the broker is another server."""

    def make(self, _books: Sequence[Mapping[str, Any]]) -> ReadyMessage | None:
        """Return None."""
        return None

    def taken(self) -> None:
        """Ignore it: there was none."""


class FeedStore(QuoteStore, Protocol):
    """A quote store that can also forget."""

    def remove(self, instruments: Mapping[Key, int]) -> None:
        """Forget these books, each under the fence of its owner. Raises: StoreUnavailable."""


def unheard(_coins: Collection[Coin]) -> None:
    """Ignore that coins have new books."""


def unnoted(_book: Book) -> None:
    """Ignore the book."""


class Feed:
    """Takes books from any thread; one thread flushes."""

    def __init__(
        self,
        *,
        pair: Pair,
        store: FeedStore,
        dispatcher: Dispatcher,
        buffered: BufferedCounters,
        clock: Clock,
        degree: Callable[[], Degree] = never_degraded,
        on_fenced: Callable[[Collection[Coin]], None] = unheard,
        note: Callable[[Book], None] = unnoted,
        notices: ReadyMessages | None = None,
    ) -> None:
        self._pair = pair
        self._store = store
        self._dispatcher = dispatcher
        self._buffered = buffered
        self._clock = clock
        self._degree = degree
        self._shallow = False
        self._on_fenced = on_fenced
        self._note = note
        self._notices = notices or NoReadyMessages()
        self._lock = threading.RLock()  # guards the next five
        self._fences: dict[Coin, int] = {}  # the coins that are ours
        self._latest: dict[Key, Book] = {}
        self._changed: dict[Key, Book] = {}
        self._dirty: set[Coin] = set()
        self._gone: set[Key] = set()
        self._owed: set[Coin] = set()  # changed, and nobody was asked to evaluate them yet
        self._asked_ns = 0
        self._flushed_at_ns = 0
        self._taken = True  # the last message found a taker
        self.changed = threading.Event()
        self.write_lag_ns = 0  # from received to written, of the last flush
        self.store_away = False

    def own(self, fences: Mapping[Coin, int]) -> None:
        """Feed these coins from now on, each under its fence, and no others.

        What an earlier life left in the store of a coin that is new here goes with the next flush, what
        is known of one whose fence changed is written again.
        """
        with self._lock:
            before, self._fences = self._fences, dict(fences)
            kept = {
                key: book
                for key, book in self._latest.items()
                if self._is_ours(key) or key == self._pair.rate_key
            }
            changed = {coin for coin in fences if before.get(coin) != fences[coin]}
            self._latest = kept
            self._changed = {
                key: book
                for key, book in kept.items()
                if self._is_ours(key) and (key in self._changed or coin_of(key[1]) in changed)
            }
            new = keys_of(self._pair, sorted(coin for coin in fences if coin not in before))
            self._gone = {key for key in {*self._gone, *new} if self._is_ours(key) and key not in kept}
            again = {coin_of(symbol) for _, symbol in self._changed}
            self._dirty = ((self._dirty | again) & fences.keys()) - {USDT}
        self.changed.set()

    def owned(self) -> Mapping[Coin, int]:
        """Return the coins that are ours, with their fences."""
        with self._lock:
            return dict(self._fences)

    def accept(self, books: Iterable[Book]) -> None:
        """Keep these books, each the newest of its instrument."""
        horizon_ns = self._clock.now_ns() + STAMP_AHEAD_NS_MAX
        with self._lock:
            for deep in books:
                if deep.ts_recv_ns > horizon_ns:
                    continue  # received before the clock was set back
                book = deep.top(BOOK_LEVELS) if self._shallow else deep
                key = (book.venue, book.symbol)
                if key == self._pair.rate_key:
                    self._dirty |= self._fences.keys() - {USDT}
                elif self._is_ours(key):
                    self._dirty.add(coin_of(key[1]))
                else:
                    continue
                self._latest[key] = book
                self._note(deep)
                if self._is_ours(key):
                    self._changed[key] = book
        self.changed.set()

    def invalidate(self, venue: Venue) -> None:
        """Forget every book of a venue, also in the store with the next flush."""
        with self._lock:
            gone = {key for key in keys_of(self._pair, self._fences.keys() - {USDT}) if key[0] is venue}
            self._gone |= {key for key in gone if self._is_ours(key)}
            for key in gone:
                self._latest.pop(key, None)
                self._changed.pop(key, None)
        self.changed.set()

    def flush(self) -> int:
        """Write what changed and ask for its evaluation; return how many books that were."""
        self._heed_clock()
        self._shallow = self._degree() >= Degree.SHALLOW
        with self._lock:
            fences = dict(self._fences)
            gone, self._gone = self._gone, set()
            books = tuple(_fenced(book, fences) for book in self._changed.values())
            self._changed = {}
            self._owed = (self._owed | self._dirty) & fences.keys()
            self._dirty = set()
        if not (gone or books or self._owed):
            return 0
        now_ns = self._clock.steady_ns()
        try:
            due = self._write({key: fences[coin_of(key[1])] for key in gone}, books)
        except StoreUnavailable:
            self._write_all_next(gone)
            due = False
        # Still owed although nothing is due: the store is away, or the last message found no taker.
        if self._owed and (due or now_ns - self._asked_ns >= OUTAGE_INTERVAL_NS):
            self._ask(now_ns)
        return len(books)

    def _heed_clock(self) -> None:
        before_ns, self._flushed_at_ns = self._flushed_at_ns, self._clock.now_ns()
        if self._flushed_at_ns < before_ns - STAMP_AHEAD_NS_MAX:
            self._buffered.count(FLUSHES, "clock_set_back")
            for venue in self._pair.venues:
                self.invalidate(venue)

    def _is_ours(self, key: Key) -> bool:
        return coin_of(key[1]) in self._fences

    def _write(self, gone: Mapping[Key, int], books: tuple[Book, ...]) -> bool:
        """Return whether an evaluation has to be asked for. Raises: StoreUnavailable."""
        due = False
        if gone:
            self._store.remove(gone)
        if books or self._owed:
            notice = self._notices.make([encode_book(book) for book in self._foreign()])
            written = self._store.put(books, tuple(self._owed), notice)
            due = written.due
            if written.asked:
                self._taken = True
                self._notices.taken()
            if written.fenced:
                self._yield(books, written.fenced)
        if not due and self._taken:
            self._owed.clear()  # the pending evaluation takes them from the store
        if books:
            self.write_lag_ns = self._clock.now_ns() - max(book.ts_recv_ns for book in books)
        self._buffered.count(FLUSHES, "written")
        self.store_away = False
        return due

    def _yield(self, books: Iterable[Book], fenced: Collection[Coin]) -> None:
        """Feed these coins no more, unless they became ours anew while they were written."""
        self._buffered.count(FLUSHES, "fenced")
        stale = {coin_of(book.symbol): book.fence for book in books}
        with self._lock:
            fences = self._fences.items()
            self.own({coin: at for coin, at in fences if coin not in fenced or at != stale[coin]})
        self._owed -= set(fenced)
        self._on_fenced(fenced)

    def _write_all_next(self, gone: set[Key]) -> None:
        """What the store missed, and what it may have lost, goes with the next flush."""
        self._buffered.count(FLUSHES, "store_unavailable")
        self.store_away = True
        with self._lock:
            self._gone |= {key for key in gone if self._is_ours(key)}
            self._changed = {key: book for key, book in self._latest.items() if self._is_ours(key)}

    def _ask(self, now_ns: int) -> None:
        """Enqueue one evaluation; if nobody takes it, the coins stay owed."""
        self._asked_ns = now_ns
        books = [encode_book(book) for book in self._carried()]
        try:
            self._dispatcher.send(EVALUATE, books, expires_ms=EVALUATE_EXPIRES_MS)
        except DispatchError:
            self._taken = False
            self._buffered.count(FLUSHES, "dispatch_failed")
        else:
            self._taken = True
            self._owed.clear()

    def _carried(self) -> list[Book]:
        """Return the books that the store does not have from us."""
        if not self.store_away:
            return self._foreign()
        with self._lock:
            fences = self._fences
            wanted = keys_of(self._pair, sorted(coin for coin in self._owed if coin in fences))
            return [_fenced(self._latest[key], fences) for key in wanted if key in self._latest]

    def _foreign(self) -> list[Book]:
        """Return the book of the rate, if it is not ours to write."""
        with self._lock:
            rate = self._pair.rate_of(self._latest)
            is_foreign = rate is not None and not self._is_ours((rate.venue, rate.symbol))
            return [_fenced(rate, self._fences)] if rate is not None and is_foreign else []


def _fenced(book: Book, fences: Mapping[Coin, int]) -> Book:
    fence = fences.get(coin_of(book.symbol), 0)
    return book if book.fence == fence else replace(book, fence=fence)
