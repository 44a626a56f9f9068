"""One venue's frames, from its socket to the feed: decoded, checked, and only the newest kept.

A book is handed on when the socket is drained, so that after a pause of our process (frames piled up
in the kernel, their stamps would be fresh and their content old) the pile is conflated away first.
Under a load that never lets the socket drain, it is handed on after `HOLD_NS_MAX`.

While frames pile up, one is not even decoded where a later one of its series comes before its time: what it
said is over.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from arb.domain.errors import DataError, Rejected
from arb.domain.market.book import Book
from arb.domain.market.ids import Symbol
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.feed import Feed
from arb.engine.market.gate import BookGate
from arb.engine.market.lag import FrameStamp, Lag
from arb.engine.market.stream import MarketStream, Notice

HOLD_NS_MAX: Final = 50_000_000  # 1,000 frames at the pace they are decoded
ACCEPTED: Final = "frames_accepted"
DROPPED: Final = "frames_dropped"
PASSED_OVER: Final = "frames_passed_over"
WORST_FIRST: Final = (Notice.REJECTED, Notice.SHUTDOWN, Notice.PROGRESS, Notice.ALIVE)


class VenueFeed:
    """A `SocketListener`; everything here runs in the socket's thread."""

    def __init__(
        self, *, stream: MarketStream, gate: BookGate, feed: Feed, buffered: BufferedCounters, lag: Lag
    ) -> None:
        self._stream = stream
        self._gate = gate
        self._feed = feed
        self._buffered = buffered
        self._newest: dict[Symbol, Book] = {}
        self._outrun: dict[str, tuple[bytes, int]] = {}  # by series, and when it was received
        self._held_since_ns = 0
        self._accepted = 0
        self._passed_over = 0
        self._found = Notice.ALIVE  # what the last frames said that had been kept
        self._distrusted = False
        self._lag = lag
        self.rejection = ""  # the venue's last words about our subscription

    def opened(self) -> Sequence[str]:
        """Start over: sequences and levels belong to one connection."""
        self._gate.reset()
        self._lag.reset()
        self._newest.clear()
        self._outrun.clear()
        self._found = Notice.ALIVE
        self._distrusted = False
        return self._stream.opened()

    def due(self, steady_ns: int) -> Sequence[str]:
        """Return what to ask the venue for now."""
        return self._stream.due(steady_ns)

    def distrust(self) -> None:
        """Drop what this connection still brings: it piled up while our process was frozen."""
        self._distrusted = True

    def received(self, frame: bytes, ts_recv_ns: int) -> Notice:
        """Decode, check and keep one frame; a bad one is counted and dropped."""
        self._catch_up()
        return self._read(frame, ts_recv_ns)

    def outrun(self, frame: bytes, ts_recv_ns: int) -> Notice:
        """Keep one frame until another of its series comes, or its time; one of no series is read at once."""
        series = self._stream.series(frame)
        if not series:
            return self.received(frame, ts_recv_ns)
        self._hold(ts_recv_ns)
        self._passed_over += series in self._outrun
        self._outrun[series] = (frame, ts_recv_ns)
        self._hand_on_in_time(ts_recv_ns)
        return self._found

    def _catch_up(self) -> None:
        """Read what was kept, the oldest first."""
        kept, self._outrun = self._outrun, {}
        found = {self._read(*each) for each in sorted(kept.values(), key=itemgetter(1))}
        self._found = next((notice for notice in WORST_FIRST if notice in found), self._found)

    def _read(self, frame: bytes, ts_recv_ns: int) -> Notice:
        try:
            found = self._stream.read(frame, ts_recv_ns)
            if isinstance(found, Notice):
                return found
            if isinstance(found, FrameStamp):
                self._lag.stamped(found.ts_event_ns, ts_recv_ns)
                return Notice.ALIVE
            self._gate.admit(found, self._lag_of(found))
        except DataError as error:
            self._buffered.count(DROPPED, f"{self._stream.venue}:{error.reason}")
            return Notice.ALIVE
        except Rejected as error:
            self._buffered.count(DROPPED, f"{self._stream.venue}:refused")
            self.rejection = str(error)
            return Notice.REJECTED
        self._keep(found)
        return Notice.PROGRESS

    def drained(self) -> None:
        """Hand on what is kept."""
        self._catch_up()
        if self._passed_over:
            self._buffered.count(PASSED_OVER, self._stream.venue.value, self._passed_over)
            self._passed_over = 0
        if self._newest and not self._distrusted:
            self._feed.accept(tuple(self._newest.values()))
            self._buffered.count(ACCEPTED, self._stream.venue.value, self._accepted)
        self._newest.clear()
        self._accepted = 0

    def closed(self) -> None:
        """Make every quote of this venue stale at once."""
        self._newest.clear()
        self._outrun.clear()
        self._lag.reset()
        self._feed.invalidate(self._stream.venue)

    def lag_ns(self, now_ns: int) -> int | None:
        """Return how late the connection's frames are, believed or not; None while it is quiet or gone."""
        return self._lag.at_ns(now_ns)

    def _lag_of(self, book: Book) -> int | None:
        if book.ts_event_ns:
            return self._lag.stamped(book.ts_event_ns, book.ts_recv_ns)
        return self._lag.unstamped(book.ts_recv_ns)

    def _keep(self, book: Book) -> None:
        self._hold(book.ts_recv_ns)
        self._newest[book.symbol] = book
        self._accepted += 1
        self._hand_on_in_time(book.ts_recv_ns)

    def _hold(self, ts_recv_ns: int) -> None:
        if not self._newest and not self._outrun:
            self._held_since_ns = ts_recv_ns

    def _hand_on_in_time(self, ts_recv_ns: int) -> None:
        if not 0 <= ts_recv_ns - self._held_since_ns <= HOLD_NS_MAX:
            self.drained()
