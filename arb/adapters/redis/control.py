"""The control channel: what every process is to hear of soon, and never misses.

`arbitrage:control:{env}`             stream, the messages in order; and the pub/sub channel that wakes
`arbitrage:control:{env}:generation`  a name that is made up where there is none: another one, and the
                                      stream is not the one that was read before

The stream has the messages, pub/sub only says that there is one. A listener reads on from where it was
whenever it is woken, on a timer, and after each reconnect. Where it cannot know that it has everything (a
new connection, a stream that was lost, came back old or was trimmed) it has the truth read anew: who kills,
changes a mode or moves a coin writes that down elsewhere first. A handler may hear of something twice.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
import redis
import structlog
from redis.client import PubSub

from arb.adapters.redis.client import reaching
from arb.adapters.venues.liveness import ReconnectPlan
from arb.domain.errors import ArbError
from arb.domain.health.backoff import SOCKET_BACKOFF, SOCKET_COOLDOWN_MS, Backoff
from arb.ports.market import Clock, Entropy

KEPT: Final = 1_000  # messages, about
TICK_S: Final = 0.25  # how long a read waits before it is looked whether to end
LOOK_NS: Final = 2_000_000_000  # at the stream, woken or not: a server that hangs is noticed by it
STOP_S_MAX: Final = 2.0
SUBSCRIBED_S_MAX: Final = 1.0
REMEMBERED: Final = 4_096
NAME_BITS: Final = 64
# KEYS: stream, generation. ARGV: generation to begin with, how many are kept, channel, topic, body.
PUBLISH: Final = """
redis.call('SET', KEYS[2], ARGV[1], 'NX')
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'topic', ARGV[4], 'body', ARGV[5])
redis.call('PUBLISH', ARGV[3], id)
return id
"""
Body = Mapping[str, Any]
Handler = Callable[[Body], None]
Place = tuple[int, int]  # of a message in the stream
log = structlog.get_logger("arb.control")


class ControlChannel:
    """Tells every process of one environment."""

    def __init__(self, client: redis.Redis, environment: str, entropy: Entropy) -> None:
        self._client, self._entropy = client, entropy
        self._stream = stream_key(environment)
        self._generation = f"{self._stream}:generation"
        self._publish = client.register_script(PUBLISH)

    def publish(self, topic: str, body: Body) -> str:
        """Tell; return the message's place in the stream. Raises: StoreUnavailable."""
        name = f"{self._entropy.bits(NAME_BITS):x}"
        arguments = (name, KEPT, self._stream, topic, orjson.dumps(body))
        with reaching():
            place: bytes = self._publish(keys=(self._stream, self._generation), args=arguments)
        return place.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What a process wants to hear of."""

    handlers: Mapping[str, Handler]  # by topic
    resync: Callable[[], None]  # reads the truth anew


@dataclass(slots=True)
class _ControlState:
    """What can be seen of a listener from outside; written by its thread only."""

    connected_since_ns: int = 0  # 0 while it is not
    connections: int = 0
    failures: int = 0  # in a row
    heard: int = 0
    resyncs: int = 0


class ControlListener:
    """A thread that hears, and connects again until it is stopped."""

    def __init__(
        self,
        client: redis.Redis,
        environment: str,
        hearing: Hearing,
        clock: Clock,
        entropy: Entropy,
        *,
        backoff: Backoff = SOCKET_BACKOFF,
        cooldown_ms: int = SOCKET_COOLDOWN_MS,
        look_ns: int = LOOK_NS,
    ) -> None:
        self._client, self._hearing, self._look_ns = client, hearing, look_ns
        self._clock, self._entropy = clock, entropy
        self._plan = ReconnectPlan(backoff, cooldown_ms)
        self._reader = _Reader(client, stream_key(environment), f"{entropy.bits(NAME_BITS):x}")
        self._channel = stream_key(environment)
        self._seen: deque[bytes] = deque(maxlen=REMEMBERED)
        self._owes_resync = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)
        self.state = _ControlState()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End; a connection that hangs is not waited for long."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._client.pubsub() as woken:  # type: ignore[no-untyped-call]
                    self._serve(woken)
            except (redis.RedisError, OSError) as error:
                self._pause(error)

    def _serve(self, woken: PubSub) -> None:
        """Hear until the connection ends. Raises: RedisError, OSError."""
        woken.subscribe(self._channel)
        if woken.get_message(timeout=SUBSCRIBED_S_MAX) is None:
            raise redis.TimeoutError("the subscription was not answered")
        self._owes_resync = True
        looked_ns = self._look()
        self.state.connections += 1
        self.state.connected_since_ns = self._clock.now_ns()
        self._plan.succeeded()
        self.state.failures = 0
        log.info("control_connected", connections=self.state.connections)
        while not self._stopping.is_set():
            is_woken = woken.get_message(timeout=TICK_S) is not None
            if is_woken or self._clock.steady_ns() - looked_ns >= self._look_ns:
                looked_ns = self._look()

    def _look(self) -> int:
        """Hear what is new, in order; return when. Raises: RedisError."""
        found = self._reader.read()
        self._owes_resync = self._owes_resync or not found.is_whole
        for place, fields in found.messages:
            self._hear(place, fields)
        if self._owes_resync and self._tried(self._hearing.resync):
            self._owes_resync = False
            self.state.resyncs += 1
        return self._clock.steady_ns()

    def _hear(self, place: bytes, fields: Mapping[bytes, bytes]) -> None:
        mark = place + fields[b"body"]
        handler = self._hearing.handlers.get(fields[b"topic"].decode())
        if mark in self._seen or handler is None:
            return
        self._seen.append(mark)
        self.state.heard += 1
        if not self._tried(lambda: handler(orjson.loads(fields[b"body"]))):
            self._owes_resync = True

    def _tried(self, call: Callable[[], None]) -> bool:
        """Tell whether it worked: what a store that is away left undone is owed."""
        try:
            call()
        except ArbError as error:
            log.warning("control_not_obeyed", error=str(error))
            return False
        return True

    def _pause(self, error: Exception) -> None:
        self.state.connected_since_ns = 0
        wait_ms = self._plan.failed_ms(self._entropy.draw())
        self.state.failures = self._plan.failures
        log.warning("control_lost", cause=type(error).__name__, failures=self._plan.failures, wait_ms=wait_ms)
        self._stopping.wait(wait_ms / 1000)


@dataclass(frozen=True, slots=True)
class _Found:
    messages: list[tuple[bytes, Mapping[bytes, bytes]]]
    is_whole: bool  # nothing can be missing since the last read


class _Reader:
    """Reads on from where it was."""

    def __init__(self, client: redis.Redis, stream: str, name: str) -> None:
        self._client, self._stream, self._name = client, stream, name
        self._generation: bytes | None = None
        self._last: Place = (0, 0)

    def read(self) -> _Found:
        """Return the messages since the last call; at the first, none. Raises: RedisError."""
        pipeline = self._client.pipeline(transaction=True)
        pipeline.set(f"{self._stream}:generation", self._name, nx=True)
        pipeline.get(f"{self._stream}:generation")
        pipeline.xrange(self._stream, count=1)
        pipeline.xrevrange(self._stream, count=1)
        pipeline.xrange(self._stream, min=f"({_text(self._last)}")
        _, generation, oldest, newest, after = pipeline.execute()
        first, last = _place(oldest), _place(newest)
        before, self._generation = self._generation, generation
        if before is None:
            self._last = last
            return _Found([], is_whole=False)
        was_empty = self._last == (0, 0) and len(after) < KEPT
        is_next = first <= self._last or not after or was_empty  # nothing was trimmed between
        is_whole = generation == before and last >= self._last and is_next
        if last < self._last or generation != before:
            after = cast(list[Any], self._client.xrange(self._stream))
        self._last = _place(after[-1:]) if after else last
        return _Found([(place, fields) for place, fields in after], is_whole)


def _place(entries: list[Any]) -> Place:
    if not entries:
        return (0, 0)
    milliseconds, _, number = entries[0][0].partition(b"-")
    return int(milliseconds), int(number)


def _text(place: Place) -> str:
    return f"{place[0]}-{place[1]}"


def stream_key(environment: str) -> str:
    """Return the name of the stream, and of the channel."""
    return f"arbitrage:control:{environment}"
