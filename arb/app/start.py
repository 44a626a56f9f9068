"""A stack and the session it runs, put together for `arb up` and `arb demo`."""

import os
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.postgres.migrate import migrate
from arb.app.accounts import name_accounts
from arb.app.choose_session import SessionChoice, choose_session
from arb.app.chosen import first_choice
from arb.app.emergency import take_up_stop
from arb.app.engines import build
from arb.app.generations import freeze
from arb.app.health import begin_watch
from arb.app.ready import TRADING, wait_ready
from arb.app.redis_server import check
from arb.app.round_trip import announce, refuse_told
from arb.app.session import SessionPlace, come_to_rest, go_on
from arb.app.sim_world import stack_settings, write_world
from arb.app.tape import Tape, begin_tape
from arb.app.wiring import Engine
from arb.domain.errors import ConfigError
from arb.domain.risk.review import Mode
from arb.ports.market import Clock, Entropy
from arb.sim.core.coins import DEFAULT_COINS
from arb.stack.control import Supervisor
from arb.stack.home import Home, read_runtime, read_settings
from arb.stack.lifecycle import Stack, Watch
from arb.stack.processes import ProcessPlan, stack_processes
from arb.stack.shutdown import Progress, clear_leftovers
from arb.stack.supervise import Lifetime
from config.addresses import redis_url
from config.frozen import in_force
from config.settings import RunMode, Settings, load


@dataclass(frozen=True, kw_only=True)
class StackPlan:
    """What a stack runs: its home, settings, session and market."""

    home: Home
    settings: Settings
    lifetime: Lifetime
    tape: Tape | None = None
    fresh: bool = False  # a new session in a new world, instead of going on with the last one
    clean: bool = False  # a new session in the same world; the last one is kept
    session: str | None = None  # go on with this one
    beside: Home | None = None  # use the servers and simulated venues of the stack that runs there
    world_coins: tuple[str, ...] = ()  # of the simulated market, besides those that are traded

    @property
    def world(self) -> Home:
        """Return the home of the simulated market and its accounts; recorded books have one of their own."""
        return self.home.played() if self.tape is not None and self.tape.is_books else self.home


def start(plan: StackPlan, progress: Progress) -> Engine:
    """Start everything, begin trading, return this process's engine.

    Raises: ConfigError, StackError; then nothing is left running.
    """
    home, clock, entropy = plan.home, SystemClock(), SystemEntropy()
    announce(plan.settings, progress)
    if plan.fresh and home.path.exists() and not Supervisor(home).is_running():
        clear_leftovers(home)
        home.remove()  # the ids of a new world's fills would collide with those of the last one
    home.create()
    ground = _ground(plan, clock, entropy)

    def prepare(database_url: str) -> None:
        settings = load(environ=_environ(home))
        check(settings, redis_url(settings), progress)
        migrate(database_url)
        data = settings.sim.data
        choice = SessionChoice(fresh=plan.fresh, clean=plan.clean, session=plan.session, data=data)
        accounts = name_accounts(settings, database_url, clock)
        place = SessionPlace.of(settings, accounts)
        session_id = choose_session(choice, database_url, place, clock, entropy, progress)
        freeze(plan.settings, database_url, home, clock, progress)
        begin_watch(home, settings, session_id)
        take_up_stop(home, clock)

    engines: list[Engine] = []
    began_ns = clock.now_ns()

    def begin(watch: Watch) -> None:
        engine = first_choice(build(in_force(_environ(home)).settings), progress)
        engines.append(engine)

        def ready() -> None:
            progress("waiting for the workers and the first quotes")
            wait_ready(engine, TRADING, watch, progress)
            refuse_told(engine.settings, engine.instruments)

        go_on(engine, began_ns, ready, progress)
        _play(plan, engine, progress)

    stack = Stack(
        home,
        ground.processes,
        migrate=prepare,
        begin=begin,
        settings=ground.tree,
        lifetime=plan.lifetime,
        redis_url=ground.redis_url,
        database_url=ground.database_url,
    )
    stack.start(progress)
    return engines[0]


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What a stack stands on. A URL that is absent is that of a server of its own."""

    processes: ProcessPlan
    tree: dict[str, Any]  # what its processes must know
    redis_url: str | None
    database_url: str | None


def _ground(plan: StackPlan, clock: Clock, entropy: Entropy) -> _Ground:
    """Return servers and venues: the configured ones, those of another stack, or a world of its own."""
    settings = plan.settings
    is_mock, mode = settings.mode is RunMode.MOCK, settings.mode
    simulated = is_mock or plan.tape is not None
    if plan.beside is not None:
        other = read_runtime(plan.beside)
        if other.mode != mode:
            raise ConfigError(
                f"--beside: the stack in {plan.beside.path} runs in {other.mode} mode, not {mode}"
            )
        processes = _processes(plan, simulated=False)
        shared = _venues_beside(plan.beside, settings) if is_mock else {}
        tree = stack_settings(processes, None, settings) | shared
        return _Ground(
            processes=processes, tree=tree, redis_url=other.redis_url, database_url=other.database_url
        )
    coins = tuple(dict.fromkeys((*(settings.coins or DEFAULT_COINS), *plan.world_coins)))
    if plan.world.path != plan.home.path and not Supervisor(plan.home).is_running():
        plan.world.begin_world()
    world = write_world(plan.world, settings, plan.tape, clock, entropy, coins=coins) if simulated else None
    processes = _processes(plan, simulated=simulated)
    return _Ground(
        processes=processes,
        tree=stack_settings(processes, world, settings),
        redis_url=_secret(settings.redis_url),
        database_url=_secret(settings.database_url),
    )


def _play(plan: StackPlan, engine: Engine, progress: Progress) -> None:
    """Have recorded books begin with the moment from which the session trades, or now if it does not."""
    if plan.tape is None or not plan.tape.is_books:
        return
    session = engine.sessions.get(engine.session_id)
    trades = session is not None and session.mode is Mode.NORMAL
    begin_tape(plan.world, session.mode_changed_at_ns if session and trades else engine.clock.now_ns())
    progress("the recording begins")


def _venues_beside(home: Home, settings: Settings) -> dict[str, Any]:
    """Return where the other stack's simulators are. Raises: ConfigError where one of ours is not there."""
    known = read_settings(home)
    if missing := [venue for venue in settings.pair if venue not in known]:
        raise ConfigError(
            f"--beside: the stack in {home.path} simulates no {missing[0]}: give it the same pair"
        )
    return {venue.value: known[venue] for venue in settings.pair}


def _processes(plan: StackPlan, *, simulated: bool) -> ProcessPlan:
    settings = plan.settings
    return stack_processes(
        settings.mode.value,
        plan.home,
        feed_workers=settings.feed.workers,
        web_port=settings.web.port,
        simulated=simulated,
        venues=settings.pair,
        world=plan.world,
    )


def _environ(home: Home) -> dict[str, str]:
    """Return the environment in which a home's stack is this process's."""
    return {**os.environ, "ARB_HOME": str(home.path)}


def rest(engine: Engine, progress: Progress) -> bool:
    """Open nothing new and wait until nothing is unhedged; tell whether it came to that."""
    progress("opening nothing new, hedging what is open")
    return come_to_rest(engine)


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value is not None else None
