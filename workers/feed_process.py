"""What the feed process does: a socket for each venue, a thread that flushes what they bring, and one
that keeps its place among the feed workers.
"""

import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arb.adapters.local.crew import SWITCH_S
from arb.adapters.venues.websocket import VenueSocket
from arb.domain.market.ids import USDT, Coin
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.market.batch_pace import BatchPace
from arb.engine.market.buffered_counters import BufferedCounters
from arb.engine.market.feed import Feed
from arb.engine.market.membership import Membership
from arb.engine.market.stream import MarketStream
from arb.engine.market.venue_feed import VenueFeed
from arb.ports.market import Clock
from arb.ports.messaging import Counters
from workers.venue_news import VenueNews

LOOK_AGAIN_S: Final = 0.1  # at what a flush left over
REPORT_NS: Final = 1_000_000_000
STEP_S: Final = 0.5  # between two signs of life


@dataclass(frozen=True, slots=True)
class VenueLine:
    """What one venue's quotes come in by."""

    socket: VenueSocket
    listener: VenueFeed
    stream: MarketStream


class FeedProcess:
    """The sockets, and the threads behind them."""

    def __init__(
        self,
        *,
        feed: Feed,
        venues: Sequence[VenueLine],
        membership: Membership,
        buffered: BufferedCounters,
        counters: Counters,
        clock: Clock,
        flush_interval_ms: int,
        frozen_ns: int,
        lag_ns_max: int,
    ) -> None:
        self.name = membership.worker
        self._feed = feed
        self._venues = venues
        self._buffered = buffered
        self._counters = counters
        self._clock = clock
        self._membership = membership
        self._pace = BatchPace(flush_interval_ms * NS_PER_MS)
        self._frozen_ns = frozen_ns
        self._news = VenueNews(membership.assignment_log, lag_ns_max)
        self._frozen = threading.Event()
        self._stopping = threading.Event()
        self._asked = threading.Event()  # for a step before it is due
        self._flusher = threading.Thread(target=self._flush, name="flusher", daemon=True)
        self._member = threading.Thread(target=self._keep_place, name="membership", daemon=True)

    def start(self) -> None:
        """Learn what is ours, open the sockets and begin to flush."""
        sys.setswitchinterval(SWITCH_S)  # the flusher does not wait for a socket's thread that decodes
        for venue in self._venues:
            venue.socket.rest()
        self._take(self._membership.step())
        self._flusher.start()
        self._member.start()
        for venue in self._venues:
            venue.socket.start()

    def stop(self) -> None:
        """Give up our coins, close the sockets, then forget in the store too what nobody else took."""
        self._stopping.set()
        self.hasten()
        if self._member.is_alive():
            self._member.join()
        self._feed.own(self._membership.leave())
        for venue in self._venues:
            venue.socket.stop()
        if self._flusher.is_alive():
            self._flusher.join()
        self._feed.flush()
        self._buffered.report(self._counters)

    def healthy(self) -> bool:
        """Tell whether every thread runs."""
        threads = self._flusher.is_alive() and self._member.is_alive()
        return threads and all(venue.socket.alive() for venue in self._venues)

    def hasten(self, _fenced: Collection[Coin] = ()) -> None:
        """Look at once at what is ours."""
        self._asked.set()

    def facts(self) -> Mapping[str, str]:
        """Return what each connection and the last flush look like."""
        facts = {
            "write_lag_us": str(self._feed.write_lag_ns // 1_000),
            "store_away": str(self._feed.store_away).lower(),
            "coins": ",".join(sorted(self._feed.owned())),
        }
        for venue in self._venues:
            socket, feed = venue.socket, venue.listener
            lag_ns = feed.lag_ns(self._clock.now_ns())
            facts |= {
                **socket.facts(),
                f"{socket.venue}_lag_us": "" if lag_ns is None else str(lag_ns // 1_000),
                f"{socket.venue}_refusal": feed.rejection,
            }
        return facts

    def force_reconnect(self) -> None:
        """Replace every venue's connection at once."""
        for venue in self._venues:
            venue.socket.force_reconnect()

    def _flush(self) -> None:
        # The wall clock: who slept with the machine was frozen too, and some steady clocks sleep.
        reported_ns, awake_ns = 0, self._clock.now_ns()
        while not self._stopping.is_set():
            idle_ns = self._clock.steady_ns()
            self._feed.changed.wait(LOOK_AGAIN_S)
            self._feed.changed.clear()
            self._pace.waited(self._clock.steady_ns() - idle_ns)
            now_ns = self._clock.now_ns()
            if now_ns - awake_ns > self._frozen_ns:
                self._thaw()
            awake_ns = now_ns
            books = self._feed.flush()
            if not 0 <= now_ns - reported_ns <= REPORT_NS:
                self._buffered.report(self._counters)
                reported_ns = now_ns
            self._stopping.wait(self._pace.pause_ns(books) / NS_PER_S)

    def _thaw(self) -> None:
        """Feed nothing until it is known what is still ours: others may have taken it over."""
        self._buffered.count("feed_flushes", "frozen")
        self._feed.own({})
        for venue in self._venues:
            venue.listener.distrust()
        self.force_reconnect()
        self._frozen.set()
        self.hasten()

    def _keep_place(self) -> None:
        while not self._stopping.is_set():
            if self._frozen.is_set():
                self._frozen.clear()
                self._membership.suspend()
            self._take(self._membership.step(troubled=any(venue.socket.lacking() for venue in self._venues)))
            self._tell()
            self._asked.wait(STEP_S)
            self._asked.clear()

    def _tell(self) -> None:
        lines = {line.socket.venue: line for line in self._venues}
        for venue, line in lines.items():
            self._news.lag(venue, line.listener.lag_ns(self._clock.now_ns()))
        rejected = {venue: line.stream.rejected() for venue, line in lines.items()}
        self._news.rejected(
            {(venue, coin): why for venue in rejected for coin, why in rejected[venue].items()}
        )

    def _take(self, fences: Mapping[Coin, int]) -> None:
        """Feed these coins, and have the venues send these and no others."""
        if self._frozen.is_set() or fences == self._feed.owned():
            return
        self._feed.own(fences)
        coins = sorted(fences.keys() - {USDT})
        for venue in self._venues:
            venue.stream.watch(coins)
            if fences:
                venue.socket.wake()
            else:
                venue.socket.rest()
