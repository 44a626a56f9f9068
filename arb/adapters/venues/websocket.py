"""One venue's WebSocket: a thread that connects, reads, probes and reconnects until it is stopped.

Frames are read without UTF-8 validation: the JSON decoder checks it anyway. The library answers pings with
their payload. No Origin header: Upbit limits browsers to one connection in ten seconds.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from websocket import ABNF, WebSocketException, WebSocketTimeoutException

from arb.adapters.venues.connection import BufferedConnection
from arb.adapters.venues.liveness import Liveness, ReconnectPlan, SilenceLimits, Step
from arb.domain.health.backoff import Backoff
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.market.batch_pace import BatchPace
from arb.engine.market.stream import Notice, SocketListener
from arb.ports.market import Clock, Entropy

TICK_S: Final = 0.1  # how long a read waits before the connection's silence, or a hurry, is looked at
SAY_NS: Final = (
    400 * NS_PER_MS
)  # between messages: three a second, and room for pings within the five allowed
STOP_S_MAX: Final = 15.0
# Between two reads of a busy socket: a frame that comes alone costs half as much again as one among others.
BATCH_NS: Final = NS_PER_MS // 2
PAUSE_NS_MIN: Final = 50_000  # less is over before a thread has gone to sleep
DATA: Final = (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY)
# The library raises ValueError and IndexError on an unreadable handshake.
CONNECT_ERRORS: Final = (WebSocketException, OSError, ValueError, IndexError)
LOST: Final = (WebSocketException, OSError)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRules:
    """How a venue's socket is kept."""

    venue: Venue
    url: str  # without what `path` gives
    keep_alive: str  # text sent with every probe, empty for none
    connect_ms_max: int
    silence: SilenceLimits
    backoff: Backoff
    cooldown_ms: int
    headers: Callable[[], Mapping[str, str]] = dict  # of each handshake anew: tokens are used once
    path: Callable[[], str] = str  # the rest of the address, of each connection anew


@dataclass(slots=True)
class _SocketState:
    """What can be seen of a socket from outside; written by its thread only."""

    connected_since_ns: int = 0  # 0 while it is not
    connections: int = 0
    frames: int = 0
    last_frame_ns: int = 0
    failures: int = 0  # in a row
    cause: str = ""  # of the last one


class VenueSocket:
    """Keeps one connection open and tells its listener of it."""

    def __init__(
        self, *, rules: SocketRules, listener: SocketListener, clock: Clock, entropy: Entropy
    ) -> None:
        self._rules = rules
        self._listener = listener
        self._clock = clock
        self._entropy = entropy
        self._plan = ReconnectPlan(rules.backoff, rules.cooldown_ms)
        self._stopping = threading.Event()
        self._hurry = threading.Event()  # leave the connection, or the wait for one, at once
        self._wanted = threading.Event()  # not set: no connection
        self._wanted.set()
        self._said_ns = 0  # when the listener was last asked what is due (steady)
        self._thread = threading.Thread(target=self._run, name=f"socket-{rules.venue}", daemon=True)
        self._log = log.bind(venue=rules.venue.value)
        self.venue = rules.venue
        self.state = _SocketState()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Close the connection and end the thread."""
        self._stopping.set()
        self.force_reconnect()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)

    def force_reconnect(self) -> None:
        """Drop the connection, or the wait for one, and connect again at once (within `TICK_S`)."""
        self._hurry.set()

    def wake(self) -> None:
        """Keep a connection from now on."""
        if not self._wanted.is_set():
            self._hurry.clear()
            self._wanted.set()

    def rest(self) -> None:
        """Keep no connection until `wake`."""
        if self._wanted.is_set():
            self._wanted.clear()
            self.force_reconnect()

    def lacking(self) -> bool:
        """Tell whether a connection is wanted and not there."""
        return self._wanted.is_set() and not self.state.connected_since_ns

    def alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def facts(self) -> Mapping[str, str]:
        """Return what can be seen of the connection, each fact under the venue's name."""
        state = self.state
        return {
            f"{self.venue}_connected_since_ns": str(state.connected_since_ns),
            f"{self.venue}_connections": str(state.connections),
            f"{self.venue}_failures": str(state.failures),
            f"{self.venue}_frames": str(state.frames),
            f"{self.venue}_last_frame_ns": str(state.last_frame_ns),
            f"{self.venue}_cause": "" if state.connected_since_ns else state.cause,
        }

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._wanted.wait(TICK_S):
                continue
            try:
                connection = self._connect()
            except CONNECT_ERRORS as error:
                self._pause("connect_failed", error)
                continue
            try:
                self._serve(connection)
                self._pause("socket_closed", None)
            except LOST as error:
                self._pause("socket_lost", error)

    def _connect(self) -> BufferedConnection:
        connection = BufferedConnection(sockopt=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])
        timeout_s = self._rules.connect_ms_max / 1000
        headers = dict(self._rules.headers())
        url = self._rules.url + self._rules.path()
        connection.connect(url, timeout=timeout_s, suppress_origin=True, header=headers)
        connection.settimeout(TICK_S)
        return connection

    def _serve(self, connection: BufferedConnection) -> None:
        """Read until the connection ends. Raises: WebSocketException, OSError."""
        self.state.connections += 1
        self.state.connected_since_ns = self._clock.now_ns()
        self._log.info("socket_opened", connections=self.state.connections)
        try:
            for message in self._listener.opened():
                connection.send(message)
            self._said_ns = self._clock.steady_ns() - SAY_NS
            self._read(connection)
        finally:
            self.state.connected_since_ns = 0
            self._listener.closed()
            connection.shutdown()

    def _read(self, connection: BufferedConnection) -> None:
        steady_ns = self._clock.steady_ns()
        liveness, pace, frames = Liveness(self._rules.silence, steady_ns), BatchPace(BATCH_NS), 0
        while not self._hurry.is_set():
            self._say_due(connection, steady_ns)
            try:
                opcode, frame = connection.receive()
            except WebSocketTimeoutException:
                opcode, frame = None, b""
            before_ns, steady_ns = steady_ns, self._clock.steady_ns()
            if opcode is not None:
                liveness.heard(steady_ns)
            if opcode == ABNF.OPCODE_CLOSE:
                return
            if not frames:
                pace.waited(steady_ns - before_ns)
            is_last = not connection.waits()
            if opcode in DATA:
                frames += 1
                take = self._listener.received if is_last else self._listener.outrun
                if not self._take(take, frame, steady_ns, liveness):
                    return
            if frames and is_last:  # also behind a ping
                self._listener.drained()
                steady_ns, frames = self._rest_from(frames, pace), 0
            if not self._look_after(connection, liveness.step(steady_ns)):
                return

    def _rest_from(self, frames: int, pace: BatchPace) -> int:
        """Have what comes next come together, if it comes often; return when that is over."""
        pause_ns = pace.pause_ns(frames)
        if pause_ns > PAUSE_NS_MIN:
            self._hurry.wait(pause_ns / NS_PER_S)
        return self._clock.steady_ns()

    def _say_due(self, connection: BufferedConnection, steady_ns: int) -> None:
        if steady_ns - self._said_ns >= SAY_NS:
            self._said_ns = steady_ns
            for message in self._listener.due(steady_ns):
                connection.send(message)

    def _take(
        self, take: Callable[[bytes, int], Notice], frame: bytes, steady_ns: int, liveness: Liveness
    ) -> bool:
        """Hand one frame over; return False if this connection should end."""
        now_ns = self._clock.now_ns()
        self.state.frames += 1
        self.state.last_frame_ns = now_ns
        notice = take(frame, now_ns)
        if notice is Notice.PROGRESS:
            liveness.progressed(steady_ns)
            self._plan.succeeded()
            self.state.failures = 0
            return True
        if notice is Notice.SHUTDOWN and self._plan.failures == 0:
            self._hurry.set()
        if notice is not Notice.ALIVE:
            self._log.warning("socket_given_up", reason=notice.value)
        return notice is Notice.ALIVE

    def _look_after(self, connection: BufferedConnection, step: Step) -> bool:
        """Probe if it is time to; return False if this connection should end."""
        if step is Step.PROBE:
            connection.ping()
            if self._rules.keep_alive:
                connection.send(self._rules.keep_alive)
        elif step is Step.GIVE_UP:
            self._log.warning("socket_given_up", reason="silent")
        return step is not Step.GIVE_UP

    def _pause(self, event: str, error: Exception | None) -> None:
        """Wait out the backoff, unless somebody is in a hurry."""
        if self._stopping.is_set():
            return
        if not self._hurry.is_set():
            wait_ms = self._plan.failed_ms(self._entropy.draw())
            self.state.failures, self.state.cause = self._plan.failures, _cause(error)
            self._log.warning(event, cause=_cause(error), failures=self._plan.failures, wait_ms=wait_ms)
            self._hurry.wait(wait_ms / 1000)
        self._hurry.clear()


def _cause(error: Exception | None) -> str:
    """Say what happened without what the other side sent, which may be long or private."""
    if error is None:
        return ""
    detail = getattr(error, "status_code", None) or getattr(error, "errno", None)
    return f"{type(error).__name__} {detail}" if detail else type(error).__name__
