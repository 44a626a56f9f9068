"""Beginning where containers are the processes: nothing is started here, everything is waited for.

`prepare` readies the database before anything else runs, `begin` lets trading begin once venues answer.
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import text

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.postgres.engine import make_engine, reading
from arb.adapters.postgres.migrate import migrate
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.adapters.redis.client import connect, reaching
from arb.adapters.redis.life import RedisHeartbeats
from arb.app.accounts import name_accounts
from arb.app.chosen import first_choice
from arb.app.engines import build
from arb.app.generations import freeze_in, keep, keep_on, sessions_of
from arb.app.listing import in_words
from arb.app.redis_server import check
from arb.app.round_trip import announce, refuse_losing, refuse_told
from arb.app.session import SessionPlace, go_on, resume_session
from arb.app.stores import begin_counters
from arb.app.wiring import Engine
from arb.domain.errors import ConfigError, Fatal, StoreUnavailable, VenueError
from arb.domain.market.ids import SessionId
from arb.domain.state.generation import Generation
from arb.engine.trading.halt import FATAL_MEND
from arb.stack.home import Home
from arb.stack.shutdown import Progress
from arb.stack.wait import wait_until
from config import addresses
from config.settings import RunMode, Settings

SERVERS_S_MAX: Final = 60.0
VENUES_S_MAX: Final = 60.0
PAUSE_S: Final = 0.5
HOLDER: Final = "session"  # the process that holds a session open, by its heartbeat
HOLDER_AGE_NS_MAX: Final = 15_000_000_000
Settle = Callable[[SqlSessionStore, SessionId, Settings, int, Progress], Generation]  # of settings


def prepare(settings: Settings, progress: Progress) -> SessionId:
    """Migrate the database and make sure that there is a session; return it.

    A session that no live process holds is halted, so that nothing trades before `begin`.
    Raises: ConfigError, TookTooLong, StoreUnavailable.
    """
    refuse_losing(settings)
    _wait_for_servers(settings, progress)
    progress("migrating the database")
    migrate(addresses.database_url(settings))
    return _held(settings, progress) if _is_held(settings) else _resumed(settings, freeze_in, progress)


def begin(settings: Settings, progress: Progress) -> Engine:
    """Go on with the newest session of the mode, or begin one, and allow it to trade.

    Raises: ConfigError, TookTooLong, StoreUnavailable.
    """
    began_ns = SystemClock().now_ns()
    announce(settings, progress)
    _wait_for_servers(settings, progress)
    _resumed(settings, keep_on, progress)
    engine = first_choice(build(settings), progress)

    def ready() -> None:
        _wait_for_venues(engine, progress)
        refuse_told(engine.settings, engine.instruments)

    go_on(engine, began_ns, ready, progress)
    return engine


def _wait_for_servers(settings: Settings, progress: Progress) -> None:
    """Return when Redis and PostgreSQL answer. Raises: ConfigError, TookTooLong."""
    addresses.redis_url(settings), addresses.database_url(settings)
    progress("waiting for Redis and PostgreSQL")
    wait_until(
        lambda: away(settings),
        limit_s=SERVERS_S_MAX,
        what="waiting for the servers",
        pause_s=PAUSE_S,
        tell=progress,
    )
    check(settings, addresses.redis_url(settings), progress)


def _wait_for_venues(engine: Engine, progress: Progress) -> None:
    """Return when every venue tells our balances. Raises: TookTooLong."""
    progress("waiting for the venues")
    wait_until(
        lambda: _silent_venue(engine),
        limit_s=VENUES_S_MAX,
        what="waiting for the venues",
        pause_s=PAUSE_S,
        tell=progress,
    )


def away(settings: Settings) -> str | None:
    """Return what is wrong with a server, or None if both answer."""
    database = make_engine(addresses.database_url(settings))
    try:
        with reaching():
            connect(addresses.redis_url(settings)).ping()
        with reading(database) as connection:
            connection.execute(text("SELECT 1"))
    except StoreUnavailable as error:
        return str(error)
    finally:
        database.dispose()
    return None


def _silent_venue(engine: Engine) -> str | None:
    for venue, client in engine.venues.items():
        try:
            client.balances()
        except Fatal as error:
            raise ConfigError(f"{error}; {FATAL_MEND}") from error
        except VenueError as error:
            return f"{venue}: {in_words(error.detail)}{_hint(engine.settings.mode)}"
    return None


def _hint(mode: RunMode) -> str:
    return "; mock mode needs the simulated exchanges (profile demo)" if mode is RunMode.MOCK else ""


def _held(settings: Settings, progress: Progress) -> SessionId:
    """Return the session that trades, which keeps its settings."""
    with sessions_of(addresses.database_url(settings)) as sessions:
        held = sessions.current(settings.mode, settings.group)
        if held is not None:
            now_ns = SystemClock().now_ns()
            keep(Home.default(), keep_on(sessions, held.session_id, settings, now_ns, progress))
            return held.session_id
    return _resumed(settings, freeze_in, progress)


def _resumed(settings: Settings, settle: Settle, progress: Progress) -> SessionId:
    """Return the session that goes on, halted, with the settings that `settle` says."""
    clock, url = SystemClock(), addresses.database_url(settings)
    place = SessionPlace.of(settings, name_accounts(settings, url, clock))
    with sessions_of(url) as sessions:
        trades = SqlTradeStore(sessions.engine)
        session_id = resume_session(sessions, trades, place, clock, SystemEntropy())
        keep(Home.default(), settle(sessions, session_id, settings, clock.now_ns(), progress))
    begin_counters(settings, session_id)
    return session_id


def _is_held(settings: Settings) -> bool:
    """Tell whether a live process holds the session: then it trades, and nothing may be halted."""
    beats = RedisHeartbeats(connect(addresses.redis_url(settings)), settings.scope).read()
    last_ns = int(beats.get(HOLDER, {}).get("at_ns", "0"))
    return SystemClock().now_ns() - last_ns < HOLDER_AGE_NS_MAX
