"""What was seen of premiums in Redis: `arbitrage:premium:{env}`, hash, coin -> JSON.

Best effort: a Redis that lost it has every process learn the levels anew, within hours.
"""

from contextlib import suppress
from typing import cast

import redis

from arb.domain.market.ids import Coin


class RedisLevels:
    """`arb.engine.market.levels.LevelStore` of one environment."""

    def __init__(self, client: redis.Redis, environment: str) -> None:
        self._client = client
        self._key = f"arbitrage:premium:{environment}"

    def read(self, coin: Coin) -> str:
        """Return what was kept last, empty if there is nothing."""
        with suppress(redis.RedisError, UnicodeDecodeError):
            found = cast(bytes | None, self._client.hget(self._key, coin))
            return found.decode() if found else ""
        return ""

    def keep(self, coin: Coin, text: str) -> None:
        """Keep a coin's level in place of the last one; lost while Redis is away."""
        with suppress(redis.RedisError):
            self._client.hset(self._key, coin, text)
