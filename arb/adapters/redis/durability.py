"""How a Redis server is set, by its INFO: managed servers answer that where they refuse CONFIG."""

from typing import Any, Final

import redis

from arb.adapters.redis.client import reaching
from arb.domain.health.durability import DurabilityReport, judge

SECTIONS: Final = ("memory", "persistence", "replication", "cluster")


class RedisDurability:
    """Asks one Redis whether it keeps what it took."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def look(self) -> DurabilityReport:
        """Return what is wrong with it, and what it does not say. Raises: StoreUnavailable."""
        info: dict[str, Any] = {}
        with reaching():
            for section in SECTIONS:
                try:
                    info |= self._client.info(section)
                except redis.ResponseError:  # not allowed to this user, or unknown to this server
                    continue
        return judge(info)
