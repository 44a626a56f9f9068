"""A Redis client that gives up quickly and never sends a command twice.

redis-py's defaults retry ten times, which executes an INCR twice on a hung server and takes 3.3 s to
notice a dead one (celery_facts, section 1).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from arb.adapters.redis_store.address import sentinels_of
from arb.domain.errors import StoreUnavailable

TIMEOUT_MS: Final = 250
# What a best-effort write may lose: the server is away, or too full to write.
AWAY: Final = (redis.ConnectionError, redis.TimeoutError, redis.OutOfMemoryError)


def connect(url: str, timeout_ms: int = TIMEOUT_MS) -> redis.Redis:
    """Return a client of a `redis://`, `rediss://`, `unix://` or `sentinel://` URL; it connects when used.

    Raises: ConfigError for sentinels without a master.
    """
    limits: dict[str, Any] = {
        "protocol": 2,
        "socket_connect_timeout": timeout_ms / 1000,
        "socket_timeout": timeout_ms / 1000,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
    }
    group = sentinels_of(url)
    if group is None:
        return redis.Redis.from_url(url, **limits)
    own_limits = limits | {"password": group.own_password}
    watchers: Any = Sentinel(group.hosts, sentinel_kwargs=own_limits)  # type: ignore[no-untyped-call]
    login = {"db": group.db, "username": group.username, "password": group.password}
    master: redis.Redis = watchers.master_for(group.master, **limits, **login)
    return master


@contextmanager
def reaching() -> Iterator[None]:
    """Turn every error of Redis into StoreUnavailable."""
    try:
        yield
    except redis.RedisError as error:
        raise StoreUnavailable(f"redis: {type(error).__name__}: {error}") from error
