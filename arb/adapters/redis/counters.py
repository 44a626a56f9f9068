"""Counters in Redis: `arbitrage:counters:{env}`, hash, `name|reason` -> count.

They are those of one session, which `arbitrage:counted_session:{env}` names.
"""

import atexit
from collections.abc import Mapping
from typing import Any, Final, cast

import redis

from arb.adapters.local.background import Background
from arb.adapters.redis.client import best_effort, reaching
from arb.domain.market.ids import SessionId
from arb.engine.market.buffered_counters import BufferedCounters

TOGETHER_S: Final = 0.25  # what is counted within it is written together


class RedisCounters:
    """Counts by name and reason; a count that Redis cannot take is lost."""

    def __init__(self, client: redis.Redis, environment: str) -> None:
        self._client = client
        self._key = f"arbitrage:counters:{environment}"
        self._session_key = f"arbitrage:counted_session:{environment}"

    def begin(self, session_id: SessionId) -> None:
        """Count for this session: one that goes on keeps its counts, another begins anew.

        A start that dies halfway does it at the next one; nothing is done while Redis is away.
        """
        with best_effort():
            if self._client.get(self._session_key) != session_id.encode():
                pipeline = self._client.pipeline(transaction=True)
                pipeline.delete(self._key)
                pipeline.set(self._session_key, session_id)
                pipeline.execute()

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        """Add to a counter of this reason; lost while Redis is away."""
        with best_effort():
            self._client.hincrby(self._key, f"{name}|{reason}", amount)

    def add(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Add to many counters in one round trip."""
        if not counts:
            return
        pipeline = self._client.pipeline(transaction=False)
        for (name, reason), amount in counts.items():
            pipeline.hincrby(self._key, f"{name}|{reason}", amount)
        with best_effort():
            pipeline.execute()

    def read(self) -> Mapping[str, Mapping[str, int]]:
        """Return all counters by name and reason. Raises: StoreUnavailable."""
        with reaching():
            fields = cast(dict[Any, Any], self._client.hgetall(self._key))
        counts: dict[str, dict[str, int]] = {}
        for field, count in fields.items():
            name, _, reason = field.decode().partition("|")
            counts.setdefault(name, {})[reason] = int(count)
        return counts


class BufferedRedisCounters:
    """Counts of one process, written together a moment later: where it counts, nobody waits for Redis.

    What was not written yet dies with a process that is killed.
    """

    def __init__(self, counters: RedisCounters) -> None:
        self._counters, self._kept = counters, BufferedCounters()
        self._later = Background("counters", self.flush, TOGETHER_S)
        atexit.register(self.flush)

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        """Add to a counter; never waits."""
        self._kept.count(name, reason, amount)
        self._later.ask()

    def flush(self) -> None:
        """Hand over what was counted since the last time."""
        self._counters.add(self._kept.take())

    def read(self) -> Mapping[str, Mapping[str, int]]:
        """Return all counters by name and reason, our own among them. Raises: StoreUnavailable."""
        self.flush()
        return self._counters.read()
