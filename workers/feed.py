"""The feed: a process that owns a set of coins on all venues. `python -m workers.feed [NAME]`

Several of them share the coins out among themselves. NAME is a slot: the process that starts in it takes
up what its predecessor fed.
"""

import sys
from collections.abc import Sequence
from functools import partial
from typing import Final

from arb.adapters.broker.dispatch import CeleryDispatcher, CeleryReadyMessages
from arb.adapters.local.book_files import BookFiles
from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.postgres.engine import make_engine
from arb.adapters.redis.client import connect
from arb.adapters.redis.counters import BufferedRedisCounters, RedisCounters
from arb.adapters.redis.feeds import RedisFeedRegistry
from arb.adapters.redis.life import RedisHeartbeats
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.app.alerts import alerts_of
from arb.app.control import announce, assignments_of
from arb.app.degradation import board_of
from arb.app.venues import real_clients
from arb.domain.errors import ConfigError
from arb.engine.market.feed import EVALUATE, EVALUATE_EXPIRES_MS, unnoted
from arb.stack.home import Home
from config import addresses
from workers import process
from workers.feed_place import AlertingAssignmentLog, FileLastAssignment, slot, worker_name
from workers.feed_wiring import Outside, build
from workers.venue_clocks import VenueClocks

BYTES_PER_MB: Final = 1_000_000


def main(arguments: Sequence[str]) -> int:
    """Run the feed of this process's settings."""
    from arb.celery import app

    try:
        process.prepare()
        settings = addresses.settings()
        redis = connect(addresses.redis_url(settings))
        database = make_engine(addresses.database_url(settings))  # the fallback broker's, and for alerts
    except ConfigError as error:
        raise SystemExit(f"arb: {error}") from None
    clock, entropy, worker = SystemClock(), SystemEntropy(), worker_name(arguments)
    clocks = VenueClocks(real_clients(settings, clock, entropy), clock)
    counters = BufferedRedisCounters(RedisCounters(redis, settings.scope))
    books = BookFiles(
        Home.default().books, slot(worker), clock, settings.record.books_mb_max * BYTES_PER_MB, counters.count
    )
    outside = Outside(
        store=RedisQuoteStore(redis, settings.scope),
        registry=RedisFeedRegistry(redis, settings.scope),
        dispatcher=CeleryDispatcher(app),
        counters=counters,
        last_assignment=FileLastAssignment(Home.default().feed_file(worker)),
        assignment_log=AlertingAssignmentLog(
            worker, alerts_of(settings, database, None, counters, clock), clock
        ),
        clock=clock,
        entropy=entropy,
        degree=board_of(redis, settings, clock).degree,
        announce=partial(announce, redis, settings.scope),
        offset_ns=clocks.offset_ns,
        note=books.note if settings.record.books else unnoted,
        notices=None if settings.broker_url else CeleryReadyMessages(app, EVALUATE, EVALUATE_EXPIRES_MS),
    )
    work = build(settings, worker, outside)
    listener = assignments_of(redis, settings.scope, work.hasten, clock)
    listener.start()
    clocks.start()
    if settings.record.books:
        books.start()
    try:
        return process.run_watched(work, RedisHeartbeats(redis, settings.scope), clock)
    finally:
        clocks.stop()
        books.stop()
        listener.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
