"""Whether a container is well, as its exit status: `python -m workers.healthcheck WHAT [NAME]`

servers          Redis and PostgreSQL answer
worker NODE      this container's Celery worker NODE@host answers
process NAME     the newest heartbeat of NAME is young
feed             that of this container's feed worker is
http URL         URL answers 200
"""

import socket
import sys
from collections.abc import Callable
from typing import Final
from urllib.error import HTTPError
from urllib.request import urlopen

AGE_NS_MAX: Final = 15_000_000_000
ANSWER_S: Final = 4.0


def servers() -> str | None:
    """Return which server does not answer."""
    from arb.app.container_start import away
    from config import addresses

    return away(addresses.settings())


def worker(node: str) -> str | None:
    """Return that this container's worker does not answer, if so."""
    from arb.celery import app

    name = f"{node}@{socket.gethostname()}"
    answers = app.control.inspect(destination=[name], timeout=ANSWER_S, limit=1).ping()
    return None if answers else f"{name} does not answer"


def process(name: str) -> str | None:
    """Return how old the heartbeat is, if too old."""
    from arb.adapters.local.clock import SystemClock
    from arb.adapters.redis.client import connect
    from arb.adapters.redis.life import RedisHeartbeats
    from config import addresses

    settings = addresses.settings()
    beats = RedisHeartbeats(connect(addresses.redis_url(settings)), settings.scope).read()
    age_ns = abs(SystemClock().now_ns() - int(beats.get(name, {}).get("at_ns", "0")))
    return None if age_ns < AGE_NS_MAX else f"no heartbeat of {name} for {age_ns // 1_000_000_000} s"


def feed() -> str | None:
    """Return how old the heartbeat of this container's feed worker is, if too old."""
    from workers.feed_place import worker_name

    return process(worker_name(()))


def http(url: str) -> str | None:
    """Return what else than 200 the URL answers."""
    try:
        with urlopen(url, timeout=ANSWER_S):
            return None
    except HTTPError as error:
        return f"{url} answers {error.code}"


CHECKS: Final[dict[str, Callable[..., str | None]]] = {
    "servers": servers,
    "worker": worker,
    "process": process,
    "feed": feed,
    "http": http,
}


def main(arguments: list[str]) -> int:
    """Run one check; print what is wrong."""
    if not arguments or arguments[0] not in CHECKS:
        raise SystemExit(__doc__)
    try:
        wrong = CHECKS[arguments[0]](*arguments[1:])
    except Exception as error:  # noqa: BLE001 - whatever it is, the container is not well
        wrong = f"{type(error).__name__}: {error}"
    if wrong is not None:
        sys.stderr.write(f"{wrong}\n")
    return 0 if wrong is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
