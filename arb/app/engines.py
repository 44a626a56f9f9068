"""This process's engines: settings in, a wired engine out. Nothing is built at import.

A process builds its engine when it first needs one, so after any fork; a child never shares a connection
with its parent.
"""

import os
import threading

from arb.adapters.broker.dispatch import CeleryDispatcher
from arb.app.stores import connect_stores
from arb.app.wiring import Engine, wire
from arb.celery import app
from arb.domain.errors import ConfigError
from arb.domain.market.ids import SessionId, TradeId
from config import addresses
from config.settings import Settings

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
            _others[key] = wire(own.settings, session_id, own.unmirrored, own.dispatcher)
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
