"""A Redis client that gives up quickly and never sends a command twice.

redis-py's defaults retry ten times, which executes an INCR twice on a hung server and takes 3.3 s to
notice a dead one (docs/broker-facts.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from arb.adapters.redis.address import sentinels_of
from arb.domain.errors import StoreUnavailable

TIMEOUT_MS: Final = 250
AWAY: Final = (redis.ConnectionError, redis.TimeoutError)
# It answers and writes nothing: its disk is full (which has no class), it is a replica, or out of memory.
NO_WRITES: Final = (redis.OutOfMemoryError, redis.ReadOnlyError)
DISK_FULL: Final = "MISCONF"


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


def takes_no_writes(error: BaseException) -> bool:
    """Tell whether a server that answers does not write at present, whatever is written."""
    is_full = isinstance(error, redis.ResponseError) and str(error).startswith(DISK_FULL)
    return is_full or isinstance(error, NO_WRITES)


@contextmanager
def best_effort() -> Iterator[None]:
    """Lose a write where the server is away or writes nothing at present."""
    try:
        yield
    except AWAY:
        return
    except redis.ResponseError as error:
        if not takes_no_writes(error):
            raise


@contextmanager
def reaching() -> Iterator[None]:
    """Turn every error of Redis into StoreUnavailable."""
    try:
        yield
    except redis.RedisError as error:
        raise StoreUnavailable(f"redis: {type(error).__name__}: {error}") from error
