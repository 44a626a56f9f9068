"""Counters in Redis: `arbitrage:counters:{env}`, hash, `name|reason` -> count."""

from collections.abc import Mapping
from typing import Any, cast

import redis

from arb.adapters.redis.client import best_effort, reaching


class RedisCounters:
    """Counts by name and reason; a count that Redis cannot take is lost."""

    def __init__(self, client: redis.Redis, environment: str) -> None:
        self._client = client
        self._key = f"arbitrage:counters:{environment}"

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        """Add to a counter of this reason; lost while Redis is away."""
        with best_effort():
            self._client.hincrby(self._key, f"{name}|{reason}", amount)

    def read(self) -> Mapping[str, Mapping[str, int]]:
        """Return all counters by name and reason. Raises: StoreUnavailable."""
        with reaching():
            fields = cast(dict[Any, Any], self._client.hgetall(self._key))
        counts: dict[str, dict[str, int]] = {}
        for field, count in fields.items():
            name, _, reason = field.decode().partition("|")
            counts.setdefault(name, {})[reason] = int(count)
        return counts
