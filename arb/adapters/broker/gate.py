"""Whether the primary broker may be asked, from what is known in memory: a publish waits for nobody."""

import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import redis

from arb.adapters.redis.client import takes_no_writes
from arb.domain.health.breaker import (
    Breaker,
    BreakerEvent,
    BreakerRules,
    BreakerState,
    Watermark,
    observe,
    probe,
)
from arb.ports.market import Clock, Entropy

MEMORY: Final = Watermark(high=0.9, low=0.8)  # of `maxmemory`; at 1 Redis is full
REFUSED: Final = "refused"
FAILED: Final = "failed"
OUT_OF_MEMORY: Final = "out_of_memory"
BREAKER_OPEN: Final = "breaker_open"
QUEUE_FULL: Final = "queue_full"


class BrokerGate:
    """The breaker and the watermarks of one broker. Safe between threads."""

    def __init__(
        self,
        *,
        marks: Mapping[str, Watermark],
        clock: Clock,
        entropy: Entropy,
        rules: BreakerRules | None = None,
    ) -> None:
        self._marks = MappingProxyType(dict(marks))
        self._clock = clock
        self._entropy = entropy
        self._rules = rules or BreakerRules()
        self._lock = threading.Lock()
        self._breaker = Breaker()
        self._full: frozenset[str] = frozenset()
        self._memory_high = False

    @property
    def state(self) -> BreakerState:
        """Return the state of the breaker."""
        return self._breaker.state

    @property
    def memory_high(self) -> bool:
        """Tell whether the broker is short of memory."""
        return self._memory_high

    @property
    def troubled(self) -> bool:
        """Tell whether anything is diverted, so that somebody has to look when it is over."""
        return self._breaker.state is not BreakerState.CLOSED or self._memory_high or bool(self._full)

    def diversion(self, queue: str) -> str:
        """Return why a message for this queue goes elsewhere, or nothing."""
        if self._breaker.state is not BreakerState.CLOSED:
            return BREAKER_OPEN
        if self._memory_high:
            return OUT_OF_MEMORY
        return QUEUE_FULL if queue in self._full else ""

    def succeeded(self) -> None:
        """Note that the primary broker took a publish."""
        if self._breaker != Breaker():
            self._observe(BreakerEvent.SUCCEED)

    def failed(self, error: BaseException) -> str:
        """A publish did not arrive, or may not have; return the reason in one word."""
        reason = reason_of(error)
        if reason == OUT_OF_MEMORY:
            self._memory_high = True
            self.succeeded()  # as far as the breaker goes: it answers
        else:
            self._observe(BreakerEvent.TRIP if reason == REFUSED else BreakerEvent.FAIL)
        return reason

    def canary_due(self) -> bool:
        """Tell, once for each cooldown, whether to send a canary; until it is back nothing else is sent."""
        with self._lock:
            before = self._breaker
            self._breaker = probe(before, self._clock.steady_ns(), self._entropy.draw(), self._rules)
            return self._breaker is not before

    def measured(self, lengths: Mapping[str, int]) -> None:
        """Take the lengths of the queues."""
        self._full = frozenset(
            queue
            for queue, mark in self._marks.items()
            if mark.above(queue in self._full, lengths.get(queue, 0))
        )

    def measured_memory(self, used: float) -> None:
        """Take how much of the broker's memory is used, as a fraction."""
        self._memory_high = MEMORY.above(self._memory_high, used)

    def _observe(self, event: BreakerEvent) -> None:
        with self._lock:
            now_ns, draw = self._clock.steady_ns(), self._entropy.draw()
            self._breaker = observe(self._breaker, event, now_ns, draw, self._rules)


def reason_of(error: BaseException) -> str:
    """Return why a publish failed; kombu keeps what really happened as the cause."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, redis.OutOfMemoryError):
            return OUT_OF_MEMORY
        if isinstance(found, redis.ConnectionError | redis.TimeoutError | OSError) or takes_no_writes(found):
            return REFUSED
        found = found.__cause__
    return FAILED
