"""Signs of life: of every process, of beat, and of every queue by a task that makes the round trip."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Protocol

from arb.domain.errors import DispatchError
from arb.domain.health.judge import Reading, silence_ms
from arb.ports.market import Clock
from arb.ports.messaging import Dispatcher, Heartbeats

BEAT: Final = "beat"
CANARY_EXPIRES_MS: Final = 15_000


class Queues(Protocol):
    """The primary broker's queues."""

    def depths(self) -> Mapping[str, int]:
        """Return how many messages wait in each queue. Raises: StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class HeartbeatAge:
    """The age of every process's heartbeat in Redis; beat's is its own rule."""

    heartbeats: Heartbeats

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return an age for each process. Raises: StoreUnavailable."""
        for process, facts in self.heartbeats.read().items():
            rule = "beat_age_ms" if process == BEAT else "redis_heartbeat_age_ms"
            yield Reading(rule, process, silence_ms(int(facts.get("at_ns", "0")), now_ns))


@dataclass(frozen=True, slots=True)
class Depth:
    """How much waits in each queue."""

    queues: Queues

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return a depth for each queue. Raises: StoreUnavailable."""
        return [Reading("queue_depth", name, Decimal(depth)) for name, depth in self.queues.depths().items()]


@dataclass(frozen=True, slots=True)
class Canaries:
    """A canary for each queue at each sweep, and what became of the last ones.

    Its latency is from publish to start of the task, measured once; its age since any canary came back.
    """

    answers: Heartbeats  # what the canary tasks wrote, by queue
    dispatcher: Dispatcher
    queues: tuple[str, ...]
    clock: Clock
    _seen_ns: dict[str, int] = field(default_factory=dict)

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Read the last answers, then send the next ones. Raises: StoreUnavailable."""
        answers = self.answers.read()
        for queue in self.queues:
            self._send(queue)
        for queue, facts in answers.items():
            at_ns = int(facts["at_ns"])
            if at_ns != self._seen_ns.get(queue):
                self._seen_ns[queue] = at_ns
                yield Reading("loop_latency_ms", queue, Decimal(facts["latency_us"]) / 1_000)
            yield Reading("canary_age_ms", queue, silence_ms(at_ns, now_ns))

    def _send(self, queue: str) -> None:
        sent_ns = self.clock.now_ns()  # now: what else the sweep has read by then is no latency of a queue
        try:
            self.dispatcher.send(f"arb.canary.{queue}", sent_ns, expires_ms=CANARY_EXPIRES_MS)
        except DispatchError:
            return  # its age tells
