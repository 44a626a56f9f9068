"""The hot copy in Redis: newest quotes and who feeds them, counters, signs of life."""

from arb.adapters.redis_store.client import connect
from arb.adapters.redis_store.counters import RedisCounters
from arb.adapters.redis_store.feeds import RedisFeedRegistry
from arb.adapters.redis_store.fees import RedisFees
from arb.adapters.redis_store.heartbeats import RedisHeartbeats
from arb.adapters.redis_store.quotes import RedisQuoteStore
from arb.adapters.redis_store.state import RedisStateStore

__all__ = [
    "RedisCounters",
    "RedisFeedRegistry",
    "RedisFees",
    "RedisHeartbeats",
    "RedisQuoteStore",
    "RedisStateStore",
    "connect",
]
