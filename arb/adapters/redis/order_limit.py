"""What all processes together sent to one venue within its period, in Redis: they keep to one limit.

`arbitrage:orders_sent:{env}:{account}:{venue}`   sorted set: a member for each order, by the moment in µs

The server's clock counts. Taking room and looking for it is one script, so two processes never take the last
place. What comes of it when Redis is away is the rate limiter's business: each process has its share then.
"""

from itertools import count
from typing import Any, Final, cast

import redis

from arb.adapters.redis.client import reaching
from arb.adapters.venues.rate_limit import Limit
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_US
from arb.ports.market import Entropy

ID_BITS: Final = 64
# KEYS: the set. ARGV: how many, the period in µs, the new member. Returns how many µs there is no room for.
TAKE: Final = """
local time = redis.call('TIME')
local now, most, period = time[1] * 1000000 + time[2], tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - period)
local sent = redis.call('ZCARD', KEYS[1])
if sent < most then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], math.ceil(period / 1000) + 1000)
  return 0
end
local leaving = redis.call('ZRANGE', KEYS[1], sent - most, sent - most, 'WITHSCORES')
return math.max(1, leaving[2] + period - now)
"""


class RedisOrderLimit:
    """The orders of one account at one venue."""

    def __init__(
        self,
        client: redis.Redis,
        key: str,
        limit: Limit,
        entropy: Entropy,
    ) -> None:
        self._key, self._limit = key, limit
        self._take = client.register_script(TAKE)
        self._own, self._numbers = f"{entropy.bits(ID_BITS):x}", count()

    def take(self) -> int:
        """Return 0 where there is room, taken for one order now; else how many ns until there is.

        Raises: StoreUnavailable; then it may have been taken all the same.
        """
        member = f"{self._own}:{next(self._numbers)}"
        with reaching():
            arguments: list[Any] = [self._limit.count, self._limit.period_ms * 1_000, member]
            waits_us = cast(Any, self._take(keys=[self._key], args=arguments))
        return int(waits_us) * NS_PER_US


def order_limit_key(environment: str, account: str, venue: Venue) -> str:
    """Return where the orders of an account at a venue are counted."""
    return f"arbitrage:orders_sent:{environment}:{account}:{venue}"
