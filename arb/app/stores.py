"""Everything that is kept, in PostgreSQL and in Redis, and how it is connected to."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis import Redis
from sqlalchemy import Engine as Database

from arb.adapters.local.clock import SystemClock
from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.by_hand import SqlByHand
from arb.adapters.postgres.choices import SqlChoices
from arb.adapters.postgres.dead_letters import SqlDeadLetters
from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.external import SqlExternalOrderStore
from arb.adapters.postgres.owners import acting_for
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.adapters.postgres.venue_health import SqlVenueHealth
from arb.adapters.redis.chances import RedisChances
from arb.adapters.redis.client import connect
from arb.adapters.redis.counters import BufferedRedisCounters, RedisCounters
from arb.adapters.redis.degradation_board import SharedBoard
from arb.adapters.redis.feeds import RedisFeedRegistry
from arb.adapters.redis.life import RedisHeartbeats
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.adapters.redis.state import RedisStateStore
from arb.app.degradation import board_of
from arb.domain.market.ids import SessionId, Venue
from arb.domain.state.owner import Owner
from arb.engine.health.probes.feeds import FeedLag, lags_ns
from config import addresses
from config.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Everything that is kept, connected."""

    owner: Owner  # for whom this process acts
    trades: SqlTradeStore
    sessions: SqlSessionStore
    snapshots: SqlSnapshotStore
    alerts: SqlAlertStore
    dead_letters: SqlDeadLetters
    external: SqlExternalOrderStore
    health: SqlVenueHealth
    by_hand: SqlByHand
    choices: SqlChoices
    quotes: RedisQuoteStore
    counters: BufferedRedisCounters
    chances: RedisChances  # on their way to SQL
    heartbeats: RedisHeartbeats
    canaries: RedisHeartbeats  # where canary tasks leave what they saw: heartbeats of queues
    feeds: RedisFeedRegistry
    states: RedisStateStore
    board: SharedBoard
    redis: Redis

    def lags_ns(self) -> Mapping[Venue, int]:
        """Return how late the frames of each venue are, as far as feeds said so lately."""
        return lags_ns(FeedLag(self.heartbeats), SystemClock())


def connect_stores(settings: Settings, owner: Owner) -> Stores:
    """Return the stores behind the settings' URLs; connections are made when they are first used.

    They write for sessions of that owner only.
    """
    database = _database_of(settings, owner)
    redis = connect(addresses.redis_url(settings))
    return Stores(
        owner=owner,
        trades=SqlTradeStore(database),
        sessions=SqlSessionStore(database),
        snapshots=SqlSnapshotStore(database),
        alerts=SqlAlertStore(database),
        dead_letters=SqlDeadLetters(database, settings.scope),
        external=SqlExternalOrderStore(database),
        health=SqlVenueHealth(database),
        by_hand=SqlByHand(database),
        choices=SqlChoices(database),
        quotes=RedisQuoteStore(redis, settings.scope),
        counters=BufferedRedisCounters(RedisCounters(redis, settings.scope)),
        chances=RedisChances(redis, settings.scope),
        heartbeats=RedisHeartbeats(redis, settings.scope),
        canaries=_canaries(redis, settings),
        feeds=RedisFeedRegistry(redis, settings.scope),
        states=RedisStateStore(redis, settings.mode),
        board=board_of(redis, settings, SystemClock()),
        redis=redis,
    )


def _database_of(settings: Settings, owner: Owner) -> Database:
    pool = Pool(
        size=settings.database.pool_size,
        overflow_max=settings.database.max_overflow,
        lifetime_s=settings.database.lifetime_s,
        idle_s=settings.database.idle_s,
        timeout_s=settings.database.timeout_s,
    )
    return acting_for(make_engine(addresses.database_url(settings), pool), owner)


def forget_signs_of_life(settings: Settings) -> None:
    """Empty what the processes of a stack that has ended left in Redis: it means nothing to the next one."""
    redis = connect(addresses.redis_url(settings))
    RedisHeartbeats(redis, settings.scope).forget()
    RedisFeedRegistry(redis, settings.scope).forget()
    _canaries(redis, settings).forget()
    board_of(redis, settings, SystemClock()).forget()
    redis.close()


def begin_counters(settings: Settings, session_id: SessionId) -> None:
    """Have what is counted be that of this session: one that goes on keeps it, another begins anew."""
    redis = connect(addresses.redis_url(settings))
    RedisCounters(redis, settings.scope).begin(session_id)
    redis.close()


def _canaries(redis: Redis, settings: Settings) -> RedisHeartbeats:
    return RedisHeartbeats(redis, f"{settings.scope}:canary")
