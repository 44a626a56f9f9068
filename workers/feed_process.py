"""What the feed process does: a socket for each venue, and a thread that flushes what they bring."""

import threading
from collections.abc import Mapping, Sequence
from typing import Final

from arb.adapters.websocket import VenueSocket
from arb.engine.feed import Feed
from arb.engine.tally import Tally
from arb.engine.venue_feed import VenueFeed
from arb.ports import Clock, Counters

LOOK_AGAIN_S: Final = 0.1  # at what a flush left over
REPORT_NS: Final = 1_000_000_000


class FeedProcess:
    """The sockets, and the thread that flushes what they bring."""

    name = "feed"

    def __init__(
        self,
        *,
        feed: Feed,
        venues: Sequence[tuple[VenueSocket, VenueFeed]],
        tally: Tally,
        counters: Counters,
        clock: Clock,
        flush_interval_ms: int,
    ) -> None:
        self._feed = feed
        self._venues = venues
        self._tally = tally
        self._counters = counters
        self._clock = clock
        self._flush_interval_s = flush_interval_ms / 1000
        self._stopping = threading.Event()
        self._flusher = threading.Thread(target=self._flush, name="flusher", daemon=True)

    def start(self) -> None:
        """Open the sockets and begin to flush."""
        self._flusher.start()
        for socket, _ in self._venues:
            socket.start()

    def stop(self) -> None:
        """Close the sockets, then forget their quotes in the store too."""
        for socket, _ in self._venues:
            socket.stop()
        self._stopping.set()
        if self._flusher.is_alive():
            self._flusher.join()

    def healthy(self) -> bool:
        """Tell whether every thread runs."""
        return self._flusher.is_alive() and all(socket.alive() for socket, _ in self._venues)

    def facts(self) -> Mapping[str, str]:
        """Return what each connection and the last flush look like."""
        facts = {
            "write_lag_us": str(self._feed.write_lag_ns // 1_000),
            "store_away": str(self._feed.store_away).lower(),
        }
        for socket, feed in self._venues:
            state = socket.state
            facts |= {
                f"{socket.venue}_connected_since_ns": str(state.connected_since_ns),
                f"{socket.venue}_connections": str(state.connections),
                f"{socket.venue}_failures": str(state.failures),
                f"{socket.venue}_frames": str(state.frames),
                f"{socket.venue}_last_frame_ns": str(state.last_frame_ns),
                f"{socket.venue}_lag_us": str(feed.lag_ns // 1_000),
                f"{socket.venue}_refusal": feed.refusal,
            }
        return facts

    def force_reconnect(self) -> None:
        """Replace every connection."""
        for socket, _ in self._venues:
            socket.force_reconnect()

    def _flush(self) -> None:
        reported_ns = 0
        while not self._stopping.is_set():
            self._feed.changed.wait(LOOK_AGAIN_S)
            self._feed.changed.clear()
            self._feed.flush()
            now_ns = self._clock.now_ns()
            if now_ns - reported_ns > REPORT_NS:
                self._tally.report(self._counters)
                reported_ns = now_ns
            self._stopping.wait(self._flush_interval_s)
        self._feed.flush()
        self._tally.report(self._counters)
