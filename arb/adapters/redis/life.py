"""Signs of life in Redis: what processes left there, and how long the broker's queues are.

`arbitrage:heartbeats:{env}`, hash, process -> facts as JSON; a queue is a list of Celery's.
"""

from collections.abc import Mapping
from typing import Any, cast

import orjson
import redis

from arb.adapters.redis.client import best_effort, reaching


class RedisHeartbeats:
    """The newest heartbeat of each process; one that Redis cannot take is lost."""

    def __init__(self, client: redis.Redis, environment: str) -> None:
        self._client = client
        self._key = f"arbitrage:heartbeats:{environment}"

    def beat(self, process: str, facts: Mapping[str, str], now_ns: int) -> None:
        """Write a process's heartbeat with its facts; lost while Redis is away."""
        with best_effort():
            self._client.hset(self._key, process, orjson.dumps({**facts, "at_ns": str(now_ns)}))

    def forget(self) -> None:
        """Forget all of them: the stack that gave them has ended."""
        with best_effort():
            self._client.delete(self._key)

    def read(self) -> Mapping[str, Mapping[str, str]]:
        """Return the newest heartbeat of each process. Raises: StoreUnavailable."""
        with reaching():
            fields = cast(dict[Any, Any], self._client.hgetall(self._key))
        return {process.decode(): orjson.loads(facts) for process, facts in fields.items()}


class WritableHeartbeats(RedisHeartbeats):
    """The same, unknown while Redis writes nothing: a heartbeat that it refused is no sign of death."""

    def read(self) -> Mapping[str, Mapping[str, str]]:
        """Return the newest heartbeat of each process. Raises: StoreUnavailable, also where it is full."""
        with reaching():
            self._client.set(f"{self._key}:written", b"1")
        return super().read()


class RedisQueues:
    """`arb.engine.health.probes.life.Queues` on the lists that Celery's queues are."""

    def __init__(self, client: redis.Redis, names: tuple[str, ...], prefix: str = "") -> None:
        self._client, self._names, self._prefix = client, names, prefix

    def depths(self) -> Mapping[str, int]:
        """Return how many messages wait in each queue. Raises: StoreUnavailable."""
        pipeline = self._client.pipeline(transaction=False)
        for name in self._names:
            pipeline.llen(self._prefix + name)
        with reaching():
            return dict(zip(self._names, cast(list[int], pipeline.execute()), strict=True))
