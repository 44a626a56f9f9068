"""Signs of life in Redis: `arbitrage:heartbeats:{env}`, hash, process -> facts as JSON."""

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
        """Write a heartbeat."""
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
