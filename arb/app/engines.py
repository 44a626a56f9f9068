"""This process's engines: settings in, a wired engine out. Nothing is built at import.

A process builds its engine when it first needs one, so after any fork; a child never shares a connection
with its parent.
"""

import os
import threading
from collections.abc import Callable
from typing import Final

from arb.adapters.broker.dispatch import CeleryDispatcher
from arb.adapters.broker.task_events import TaskEvents
from arb.app.accounts import owner_of
from arb.app.chosen import with_choice
from arb.app.generations import of_session
from arb.app.stores import connect_stores
from arb.app.wiring import Engine, relist, rewire, wire
from arb.celery import app
from arb.domain.errors import ConfigError, ForeignSession, StoreUnavailable
from arb.domain.market.ids import SessionId, TradeId
from config import addresses
from config.settings import Settings

LOOK_S: Final = 1.0
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


def renew() -> Engine | None:
    """Take up the settings and coins that the session has by now; return the engine if they are others.

    Raises: ConfigError, StoreUnavailable.
    """
    own = engine()
    session = own.unmirrored.sessions.get(own.session_id)
    if session is None:
        return None
    settings = of_session(own.settings, own.unmirrored.sessions, session)
    chosen = with_choice(settings, own.unmirrored.choices, own.session_id)
    if chosen is own.settings:
        return None
    renewed = own if settings is own.settings else rewire(own, settings)
    renewed = renewed if chosen is settings else relist(renewed, chosen)
    with _lock:
        _engines[os.getpid()] = renewed
        _others.clear()
    return renewed


def follow_settings(tell: Callable[[Engine], None]) -> None:
    """Take up each generation of settings within a second, in a thread; old ones open nothing."""

    def follow() -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_S):
            try:
                renewed = renew()
            except (ConfigError, StoreUnavailable):
                continue  # no session yet, or no database to ask
            if renewed is not None:
                tell(renewed)

    threading.Thread(target=follow, name="settings", daemon=True).start()


def engine_for(session_id: SessionId) -> Engine:
    """Return the engine of a session, which may be another than this process's own.

    Raises: ForeignSession if it is one of another mode or account: our settings are not for it.
    """
    own = engine()
    if session_id == own.session_id:
        return own
    with _lock:
        key = (os.getpid(), session_id)
        if key not in _others:
            _refuse_foreign(own, session_id)
            _others[key] = wire(own.settings, session_id, own.unmirrored, own.dispatcher)
        return _others[key]


def _refuse_foreign(own: Engine, session_id: SessionId) -> None:
    session = own.unmirrored.sessions.get(session_id)
    if session is not None and not own.stores.owner.may_touch(session.owner):
        raise ForeignSession(session_id, session.environment)


def engine_of(trade_id: TradeId) -> Engine:
    """Return the engine of the session that a trade belongs to, by its row. Raises: StoreUnavailable."""
    own = engine()
    session_id = own.trades.session_of(trade_id)
    return own if session_id is None else engine_for(session_id)


def build(settings: Settings) -> Engine:
    """Return an engine for the settings' session, else for the one in use in their mode."""
    stores = connect_stores(settings, owner_of(settings))
    chosen = SessionId(settings.session) if settings.session else None
    session = (
        stores.sessions.get(chosen) if chosen else stores.sessions.current(settings.mode, settings.group)
    )
    if session is not None and session.environment != settings.mode:
        raise ConfigError(
            f"session {chosen} is of mode {session.environment}, not {settings.mode}: set ARB_MODE"
        )
    if session is None:
        named = f"session {chosen}" if chosen else f"{settings.mode} session"
        raise ConfigError(
            f"no {named} exists yet; start one with `arb up --mode {settings.mode}`, list with `arb sessions`"
        )
    settings = of_session(settings, stores.sessions, session)
    settings = with_choice(settings, stores.choices, session.session_id)
    return wire(settings, session.session_id, stores, CeleryDispatcher(app), TaskEvents(app).tell)


def rest_senders(ms_max: int) -> bool:
    """Wait until this process sends no order that was handed to it; tell whether it came to that."""
    with _lock:
        own = _engines.get(os.getpid())
    return own is None or own.shared.crew.rest(ms_max)
