"""The hot copy in Redis: newest quotes and who feeds them, counters, signs of life."""

from arb.adapters.redis.client import connect
from arb.adapters.redis.counters import RedisCounters
from arb.adapters.redis.feeds import RedisFeedRegistry
from arb.adapters.redis.fees import RedisFees
from arb.adapters.redis.heartbeats import RedisHeartbeats
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.adapters.redis.state import RedisStateStore

__all__ = [
    "RedisCounters",
    "RedisFeedRegistry",
    "RedisFees",
    "RedisHeartbeats",
    "RedisQuoteStore",
    "RedisStateStore",
    "connect",
]
