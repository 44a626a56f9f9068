"""`arb kill`, put together: from one process, with whatever of the stack still answers."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from arb.adapters.broker.dispatch import SilentDispatcher
from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.app.accounts import owner_of
from arb.app.control import KILL, broadcast
from arb.app.stores import connect_stores
from arb.app.venues import real_clients
from arb.app.wiring import Engine, wire
from arb.domain.errors import ConfigError, StoreUnavailable
from arb.domain.market.ids import SessionId, Venue
from arb.engine.kill.kill import DATABASE_AWAY, Kill, KillRecords, KillReport
from arb.engine.kill.wind_down import WindDown
from arb.engine.kill.withdraw import Withdraw
from arb.ports.trading import VenueClient
from arb.stack.home import Home
from config.frozen import usable
from config.settings import RunMode, Settings

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """What could be reached, and what could not."""

    venues: dict[Venue, VenueClient]
    engine: Engine | None
    problem: str = ""


def kill(home: Home, reason: str, started_ns: int, within_ms: int, progress: Progress) -> KillReport:
    """Bring everything to rest; the switch is on already. Problems are in the report."""
    clock = SystemClock()
    try:
        found = usable({**os.environ, "ARB_HOME": str(home.path)})
    except ConfigError as error:
        return KillReport(reason=reason, problems=(f"the settings cannot be read: {error}",))
    settings = found.settings
    unusable = () if settings.generation else found.ignored  # else the session's own settings serve
    if settings.mode is RunMode.MOCK and not settings.database_url and not unusable:
        return KillReport(reason=reason)  # nothing runs, and neither do the simulated exchanges
    if not unusable:
        for line in found.ignored:
            progress(f"kills with the settings that the session runs with, since {line}")
    untold = _broadcast(settings, {"reason": reason, "at_ns": started_ns})
    reached = _reach(settings, clock)
    if reached.problem:
        progress(reached.problem)
    books = None if reached.engine is None else _books_of(reached.engine)
    problem = reached.problem
    try:
        report = _kill(reached, books, clock, within_ms).run(reason, started_ns)
    except SQLAlchemyError as error:  # a schema that is not ours must not keep orders at the venues
        problem = f"{DATABASE_AWAY}: {type(error).__name__}"
        report = _kill(reached, None, clock, within_ms).run(reason, started_ns)
    report.problems = (*unusable, *untold, *((problem,) if problem else ()), *report.problems)
    return report


def _broadcast(settings: Settings, body: dict[str, Any]) -> tuple[str, ...]:
    """Tell every process at once; return why that failed. The switch is on: they see it a moment later."""
    try:
        broadcast(settings, KILL, body)
    except Exception as error:  # noqa: BLE001 - whatever it is, the orders at the venues come next
        return (f"the processes could not be told at once: {type(error).__name__}",)
    return ()


def _kill(reached: _Reach, books: KillRecords | None, clock: SystemClock, within_ms: int) -> Kill:
    return Kill(
        withdraw=Withdraw(venues=reached.venues),
        books=books,
        clock=clock,
        within_ns=within_ms * 1_000_000,
    )


def _reach(settings: Settings, clock: SystemClock) -> _Reach:
    """Return the engine of the newest session, or where its database is away the venues alone."""
    try:
        stores = connect_stores(settings, owner_of(settings))
        chosen = SessionId(settings.session) if settings.session else None
        session = (
            stores.sessions.get(chosen) if chosen else stores.sessions.current(settings.mode, settings.group)
        )
    except (ConfigError, StoreUnavailable, SQLAlchemyError) as error:
        return _Reach(
            venues=_venues(settings, clock), engine=None, problem=f"{DATABASE_AWAY}: {_first_line(error)}"
        )
    if session is None:
        return _Reach(venues=_venues(settings, clock), engine=None)
    engine = wire(settings, session.session_id, stores, SilentDispatcher())
    return _Reach(venues=engine.venues, engine=engine)


def _venues(settings: Settings, clock: SystemClock) -> dict[Venue, VenueClient]:
    """Return the venues that may have orders of ours; those of paper never left their process."""
    return {} if settings.mode is RunMode.PAPER else real_clients(settings, clock, SystemEntropy())


def _books_of(engine: Engine) -> KillRecords:
    """Return what a kill does with the rows of a session."""
    return KillRecords(
        session_id=engine.session_id,
        sessions=engine.sessions,
        wind_down=WindDown(
            session_id=engine.session_id,
            trades=engine.trades,
            execute=engine.trading.execute,
            settle=engine.trading.settle,
            escalate=engine.trading.escalate,
        ),
    )


def _first_line(error: Exception) -> str:
    """Return what an error says, without the query that it was about."""
    return str(error).partition("\n")[0]
