"""Barred markets in Redis: `arbitrage:barred:{env}`, hash, `venue|BTC/USDT` -> reason and age.

A Redis that lost them costs one more rejection each; one that is away leaves a process with what it knows.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, cast

import orjson
import redis

from arb.adapters.redis.client import best_effort
from arb.domain.market.ids import Symbol, Venue
from arb.engine.market.bars import Key, is_barred

SEPARATOR: Final = "|"


class RedisBars:
    """Barred markets of one mode and account, in Redis, and in memory while it is away."""

    def __init__(self, client: redis.Redis, environment: str) -> None:
        self._client = client
        self._key = f"arbitrage:barred:{environment}"
        self._known: dict[str, tuple[str, int]] = {}

    def add(self, venue: Venue, symbol: Symbol, reason: str, now_ns: int) -> None:
        """Bar a market: no order of this account is sent there for a while."""
        field = f"{venue}{SEPARATOR}{symbol}"
        self._known[field] = (reason, now_ns)
        with best_effort():
            self._client.hset(self._key, field, orjson.dumps([reason, now_ns]))

    def read(self, now_ns: int) -> Mapping[Key, str]:
        """Return the markets that are barred now, and why."""
        with suppress(redis.RedisError):
            fields = cast(dict[Any, Any], self._client.hgetall(self._key))
            self._known |= {name.decode(): tuple(orjson.loads(text)) for name, text in fields.items()}
        return {
            _key(field): reason
            for field, (reason, at_ns) in tuple(self._known.items())
            if is_barred(at_ns, now_ns)
        }


def _key(field: str) -> Key:
    venue, _, symbol = field.partition(SEPARATOR)
    return Venue(venue), Symbol(symbol)
