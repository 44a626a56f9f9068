"""How many messages wait in the primary broker's queues."""

from collections.abc import Mapping
from typing import cast

import redis

from arb.adapters.redis.client import reaching


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
