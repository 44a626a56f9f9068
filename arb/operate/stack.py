"""A stack and the session it runs, put together for `arb up` and `arb demo`."""

import os
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import Engine as Database

from arb.adapters.clock import SystemClock, SystemEntropy
from arb.adapters.migrate import migrate
from arb.adapters.sql.engine import make_engine
from arb.adapters.sql.sessions import SqlSessionStore
from arb.adapters.sql.trades import SqlTradeStore
from arb.bootstrap import Engine, build
from arb.bootstrap.watch import forget_watch
from arb.domain.ids import SessionId
from arb.operate.ready import TRADING, wait_ready
from arb.operate.session import (
    begin_trading,
    clean_session,
    come_to_rest,
    create_session,
    resume_session,
    resumed,
    take_up_session,
)
from arb.operate.world import (
    Tape,
    stack_settings,
    write_world,
)
from arb.ports import Clock, Entropy
from arb.runtime.control import Supervisor
from arb.runtime.home import Home
from arb.runtime.processes import stack_processes
from arb.runtime.shutdown import Progress, clear_leftovers, silent
from arb.runtime.stack import Stack, Watch
from arb.runtime.supervise import Lifetime
from config.settings import RunMode, Settings, load


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run."""

    home: Home
    settings: Settings
    lifetime: Lifetime
    tape: Tape | None = None
    fresh: bool = False  # a new session in a new world, instead of going on with the last one
    clean: bool = False  # a new session in the same world; the last one is kept
    session: str | None = None  # go on with this one


def start(plan: Plan, progress: Progress) -> Engine:
    """Start everything, begin trading, return this process's engine.

    Raises: ConfigError, StackError; then nothing is left running.
    """
    home, settings, clock, entropy = plan.home, plan.settings, SystemClock(), SystemEntropy()
    if plan.fresh and home.path.exists() and not Supervisor(home).is_running():
        clear_leftovers(home)
        home.remove()  # the ids of a new world's fills would collide with those of the last one
    home.create()
    is_mock = settings.mode is RunMode.MOCK
    world = write_world(home, settings, plan.tape, clock, entropy) if is_mock else None
    processes = stack_processes(
        settings.mode.value, home, feed_workers=settings.feed.workers, web_port=settings.web.port
    )
    tree = stack_settings(processes, world, settings)

    def prepare(database_url: str) -> None:
        migrate(database_url)
        database = make_engine(database_url)
        try:
            _choose_session(plan, database, clock, entropy)
        finally:
            database.dispose()
        forget_watch(home, load(environ={**os.environ, "ARB_HOME": str(home.path)}))

    engines: list[Engine] = []

    def begin(watch: Watch) -> None:
        engine = build(load(environ={**os.environ, "ARB_HOME": str(home.path)}))
        engines.append(engine)
        resumed(engine, silent if plan.fresh else progress)
        progress("waiting for the workers and the first quotes")
        wait_ready(engine, TRADING, watch)
        begin_trading(engine, progress)

    stack = Stack(
        home,
        processes,
        migrate=prepare,
        begin=begin,
        settings=tree,
        lifetime=plan.lifetime,
        redis_url=_secret(settings.redis_url),
        database_url=_secret(settings.database_url),
    )
    stack.start(progress)
    return engines[0]


def _choose_session(plan: Plan, database: Database, clock: Clock, entropy: Entropy) -> None:
    """Have the session in use that the plan asks for."""
    sessions, environment = SqlSessionStore(database), plan.settings.mode.value
    if plan.fresh:
        create_session(sessions, environment, clock, entropy)
    elif plan.clean:
        clean_session(sessions, SqlTradeStore(database), environment, clock, entropy)
    elif plan.session:
        take_up_session(sessions, SessionId(plan.session), environment, clock, entropy)
    else:
        resume_session(sessions, environment, clock, entropy)


def rest(engine: Engine, progress: Progress) -> bool:
    """Open nothing new and wait until nothing is unhedged; tell whether it came to that."""
    progress("opening nothing new, hedging what is open")
    return come_to_rest(engine)


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value is not None else None
