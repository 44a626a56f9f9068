"""The one composition root: settings in, a wired engine out. Nothing is built at import.

A process builds its engine when it first needs one, so after any fork; a child never shares a connection
with its parent.
"""

import os
import threading

from arb.adapters.broker.dispatch import CeleryDispatcher
from arb.adapters.local.clock import SystemClock
from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.dead_letters import SqlDeadLetters
from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.external import SqlExternalOrderStore
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.adapters.postgres.venue_health import SqlVenueHealth
from arb.adapters.redis import (
    RedisCounters,
    RedisFeedRegistry,
    RedisHeartbeats,
    RedisQuoteStore,
    RedisStateStore,
    connect,
)
from arb.app.degradation import board_of, budget_of
from arb.app.parts import Engine, Stores
from arb.app.venues import account_of, api_key, real_clients
from arb.app.watch import canaries_of
from arb.app.wiring import kill_switch, wire
from arb.celery import app
from arb.domain.errors import ConfigError
from arb.domain.market.ids import SessionId, TradeId
from config import addresses
from config.settings import Settings

__all__ = [
    "Engine",
    "Stores",
    "account_of",
    "api_key",
    "build",
    "connect_stores",
    "engine",
    "engine_for",
    "engine_of",
    "kill_switch",
    "real_clients",
    "wire",
]

_lock = threading.Lock()
_engines: dict[int, Engine] = {}
_others: dict[tuple[int, SessionId], Engine] = {}


def engine() -> Engine:
    """Return this process's engine, built on the first call. Raises: ConfigError, StoreUnavailable."""
    pid = os.getpid()
    with _lock:
        if pid not in _engines:
            _engines.clear()
            _engines[pid] = build(addresses.settings())
        return _engines[pid]


def engine_for(session_id: SessionId) -> Engine:
    """Return the engine of a session, which may be another than this process's own."""
    own = engine()
    if session_id == own.session_id:
        return own
    with _lock:
        key = (os.getpid(), session_id)
        if key not in _others:
            _others[key] = wire(own.settings, session_id, own.unmirrored, own.execute.dispatcher)
        return _others[key]


def engine_of(trade_id: TradeId) -> Engine:
    """Return the engine of the session that a trade belongs to, by its row. Raises: StoreUnavailable."""
    own = engine()
    session_id = own.trades.session_of(trade_id)
    return own if session_id is None else engine_for(session_id)


def build(settings: Settings) -> Engine:
    """Return an engine for the settings' session, else for the one in use in their mode."""
    stores = connect_stores(settings)
    chosen = SessionId(settings.session) if settings.session else None
    session = (
        stores.sessions.get(chosen) if chosen else stores.sessions.current(settings.mode, settings.group)
    )
    if session is None:
        named = f"session {chosen}" if chosen else f"{settings.mode} session"
        raise ConfigError(
            f"no {named} exists yet; start one with `arb up --mode {settings.mode}`, list with `arb sessions`"
        )
    return wire(settings, session.session_id, stores, CeleryDispatcher(app))


def connect_stores(settings: Settings) -> Stores:
    """Return the stores behind the settings' URLs; connections are made when they are first used."""
    pool = Pool(
        size=settings.database.pool_size,
        overflow_max=settings.database.max_overflow,
        lifetime_s=settings.database.lifetime_s,
        idle_s=settings.database.idle_s,
        timeout_s=settings.database.timeout_s,
    )
    database = make_engine(addresses.database_url(settings), pool)
    redis = connect(addresses.redis_url(settings))
    board = board_of(redis, settings, SystemClock())
    return Stores(
        trades=SqlTradeStore(database),
        sessions=SqlSessionStore(database),
        snapshots=SqlSnapshotStore(database),
        alerts=SqlAlertStore(database),
        dead_letters=SqlDeadLetters(database, settings.scope),
        external=SqlExternalOrderStore(database),
        quotes=RedisQuoteStore(redis, settings.scope),
        counters=RedisCounters(redis, settings.scope),
        heartbeats=RedisHeartbeats(redis, settings.scope),
        feeds=RedisFeedRegistry(redis, settings.scope),
        states=RedisStateStore(redis, settings.mode),
        canaries=canaries_of(redis, settings),
        redis=redis,
        health=SqlVenueHealth(database),
        board=board,
        budget=budget_of(settings, board),
    )
