"""User streams over real sockets: frames in, events recorded, and a look back after every connect.

Everything here runs in the socket's thread, one a venue. While the store is slow, events wait in the
socket; what is lost that way, or any other way, is found by asking the venue.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arb.adapters.venues.liveness import SilenceLimits
from arb.adapters.venues.websocket import SocketRules, VenueSocket
from arb.domain.errors import DataError, Rejected, VenueError
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.health.backoff import SOCKET_BACKOFF, SOCKET_COOLDOWN_MS
from arb.domain.time import NS_PER_MS
from arb.engine.market.stream import Notice
from arb.engine.trading.fills import CatchUp, RecordReport, UserStream
from arb.ports.market import Clock, Entropy
from arb.ports.messaging import AlertSink, Counters
from arb.ports.trading import VenueClient

CONNECT_MS_MAX: Final = 5_000
# An account is quiet for hours, so what proves the subscription is the answer to the keep-alive.
SILENCE: Final = SilenceLimits(
    silence_ms_max=15_000, probe_ms_max=5_000, idle_ms_max=60_000, keep_alive_ms=20_000
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamWork:
    """What every user stream needs, whatever the venue."""

    record: RecordReport
    catch_up: CatchUp
    counters: Counters
    alerts: AlertSink
    clock: Clock


class UserStreamListener:
    """A `SocketListener` of one user stream."""

    def __init__(self, stream: UserStream, work: StreamWork) -> None:
        self._stream = stream
        self._work = work
        self._caught_up = False
        self.rejection = ""  # the venue's last words about our subscription

    def opened(self) -> Sequence[str]:
        """Return the subscription of a new connection; what was missed is asked for after it."""
        self._caught_up = False
        return self._stream.opened()

    def due(self, _steady_ns: int) -> Sequence[str]:
        """Return nothing: all is said when the connection opens."""
        return ()

    def received(self, frame: bytes, ts_recv_ns: int) -> Notice:
        """Record one frame's event; a bad frame is counted and dropped."""
        try:
            found = self._stream.read(frame)
        except DataError as error:
            self._count(error.reason)
            return Notice.ALIVE
        except Rejected as error:
            return self._rejected(error)
        if not isinstance(found, Notice):
            self._work.record.run(found)
            found = Notice.PROGRESS
        if found is Notice.PROGRESS and not self._caught_up:
            self._caught_up = True
            self._work.catch_up.run(self._stream.venue)
        return found

    def outrun(self, frame: bytes, ts_recv_ns: int) -> Notice:
        """Take one frame like any other: no news of an order takes another's place."""
        return self.received(frame, ts_recv_ns)

    def drained(self) -> None:
        """Do nothing: every event was recorded when it came."""

    def closed(self) -> None:
        """Count the loss; whatever happens meanwhile is asked about after the next connect."""
        self._count("closed")

    def _rejected(self, error: Rejected) -> Notice:
        self._count("refused")
        self.rejection = str(error)
        self._work.alerts.raise_alert(
            Alert(
                kind=AlertKind.USER_STREAM_REFUSED,
                subject=self._stream.venue,
                severity=Severity.WARNING,
                message=f"fills of {error} come by asking only, until it takes our subscription",
                at_ns=self._work.clock.now_ns(),
            )
        )
        return Notice.REJECTED

    def _count(self, reason: str) -> None:
        self._work.counters.count("user_streams", f"{self._stream.venue}_{reason}")


class UserStreams:
    """The work of the stream process: one socket a venue, or none where no account is traded on."""

    name = "stream"

    def __init__(self, work: StreamWork, entropy: Entropy, streams: Sequence[tuple[UserStream, str]]) -> None:
        self._venues = tuple(self._venue(work, entropy, stream, url) for stream, url in streams)

    def start(self) -> None:
        """Open every venue's socket."""
        for socket, _ in self._venues:
            socket.start()

    def stop(self) -> None:
        """Close every venue's socket."""
        for socket, _ in self._venues:
            socket.stop()

    def healthy(self) -> bool:
        """Tell whether every thread runs."""
        return all(socket.alive() for socket, _ in self._venues)

    def facts(self) -> Mapping[str, str]:
        """Return what each connection looks like."""
        facts = {"streams": ",".join(socket.venue for socket, _ in self._venues) or "none"}
        for socket, listener in self._venues:
            facts |= {**socket.facts(), f"{socket.venue}_refusal": listener.rejection}
        return facts

    def force_reconnect(self) -> None:
        """Replace every venue's connection at once."""
        for socket, _ in self._venues:
            socket.force_reconnect()

    def _venue(
        self, work: StreamWork, entropy: Entropy, stream: UserStream, url: str
    ) -> tuple[VenueSocket, UserStreamListener]:
        listener = UserStreamListener(stream, work)
        rules = _socket_rules(stream, url)
        return VenueSocket(rules=rules, listener=listener, clock=work.clock, entropy=entropy), listener


def _socket_rules(stream: UserStream, url: str) -> SocketRules:
    """Return how the socket of a user stream is kept."""
    return SocketRules(
        venue=stream.venue,
        url=url,
        keep_alive=stream.keep_alive,
        connect_ms_max=CONNECT_MS_MAX,
        silence=SILENCE,
        backoff=SOCKET_BACKOFF,
        cooldown_ms=SOCKET_COOLDOWN_MS,
        headers=stream.headers,
    )


def venue_now_ms(client: VenueClient, clock: Clock) -> Callable[[], int]:
    """Return the venue's clock, measured at each call; by our own clock while it cannot be."""

    def now_ms() -> int:
        try:
            offset_ms = client.time_offset_ms() or 0
        except VenueError:
            offset_ms = 0
        return clock.now_ns() // NS_PER_MS + offset_ms

    return now_ms
