"""Start a whole stack: servers, migrations, simulators, workers, feed and beat."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

import urllib3

from arb.stack.control import ProcessStatus, Supervisor
from arb.stack.errors import StackAlreadyRunning, StackError, StartFailed
from arb.stack.home import Home, Runtime
from arb.stack.process_spec import EMPTY, Phase, ProcessSpec
from arb.stack.processes import ProcessPlan
from arb.stack.servers import Servers, choose_servers
from arb.stack.shutdown import Progress, clear_leftovers, halt, silent
from arb.stack.status import last_words
from arb.stack.supervise import Lifetime, supervise
from arb.stack.wait import wait_until

UP_LIMIT_S: Final = 90.0
READY_LIMIT_S: Final = 60.0
EXITS_MAX: Final = 3  # a program that ended this often during the start is broken
HEALTH_LIMIT_S: Final = 1.0
NARRATION: Final = {
    Phase.SIMULATORS: "starting the simulated exchanges",
    Phase.WORKERS: "starting the workers",
    Phase.PRODUCERS: "starting the feed",
}

# glibc keeps a heap for every few threads, and what one of them frees is no use to the others; and after a
# big block was freed once, it puts blocks of that size between the small ones, where they leave holes.
ALLOCATOR: Final = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "131072"}

Pending = Callable[[], str | None]  # None: ready; else what is missing
Watch = Callable[[], None]  # raises StartFailed when going on is pointless


class Stack:
    """One stack in one home.

    `migrate` gets the database's URL. `begin` runs once everything that trading needs was started; it gets
    a watch that raises if a program is broken. The helpers start after it, so that they do not compete with
    what trading waits for. `settings` is a tree for the settings module, published with the URLs to every
    process of the stack.
    """

    def __init__(
        self,
        home: Home,
        plan: ProcessPlan,
        *,
        migrate: Callable[[str], None],
        begin: Callable[[Watch], None] = lambda _watch: None,
        environment: Mapping[str, str] = EMPTY,
        session: Mapping[str, str] = EMPTY,
        settings: Mapping[str, Any] = EMPTY,
        redis_url: str | None = None,  # None: embedded
        database_url: str | None = None,
        lifetime: Lifetime = Lifetime.DETACHED,
    ) -> None:
        self.home, self.plan, self.lifetime = home, plan, lifetime
        self._migrate, self._begin = migrate, begin
        self._environment, self._session, self._settings = environment, session, settings
        self._redis_url, self._database_url = redis_url, database_url

    def start(self, progress: Progress = silent) -> Runtime:
        """Start everything and return where it is; on any failure nothing is left running.

        Raises: StackAlreadyRunning, StackBusy, StartFailed, TookTooLong, ServerMissing, ConfigError.
        """
        if self.lifetime is Lifetime.CALLER and threading.current_thread() is not threading.main_thread():
            raise StackError("a stack that ends with its caller has to be started from the main thread")
        self.home.create()
        with self.home.locked(), ExitStack() as undo:
            if self.is_running():
                raise StackAlreadyRunning(self.home.path)
            clear_leftovers(self.home)
            progress("preparing Redis and PostgreSQL")
            servers = choose_servers(self.home, self._redis_url, self._database_url)
            undo.callback(halt, self.home, silent)
            specs = (*servers.processes(), *self.plan.processes)
            supervisor = supervise(self.home, specs, self._common_environment(servers), self.lifetime)
            runtime = self._bring_up(supervisor, servers, progress)
            undo.pop_all()
        return runtime

    def is_running(self) -> bool:
        """Say whether this home has a live supervisor."""
        return Supervisor(self.home).is_running()

    def _common_environment(self, servers: Servers) -> dict[str, str]:
        return {
            **ALLOCATOR,
            **self._environment,
            "ARB_HOME": str(self.home.path),
            "ARB_MODE": self.plan.mode,
            "ARB_REDIS_URL": servers.redis.url,
            "ARB_DATABASE_URL": servers.postgres.url,
        }

    def _published_settings(self, servers: Servers) -> dict[str, Any]:
        urls = {"redis_url": servers.redis.url, "database_url": servers.postgres.url}
        return {**self._settings, "mode": self.plan.mode, **urls}

    def _bring_up(self, supervisor: Supervisor, servers: Servers, progress: Progress) -> Runtime:
        def watch() -> None:
            _raise_if_broken(self.home, supervisor.statuses())

        self.home.write_settings(self._published_settings(servers))
        progress("starting Redis and PostgreSQL")
        _start(supervisor, servers.processes())
        servers.wait_ready(watch, progress)
        progress("migrating the database")
        self._migrate(servers.postgres.url)
        runtime = self._runtime(supervisor, servers)
        self.home.write_runtime(runtime)
        for phase, narration in NARRATION.items():
            specs = [spec for spec in self.plan.processes if spec.phase is phase]
            if specs:
                progress(narration)
                _start(supervisor, specs)
                _wait_healthy(specs, watch, progress)
        self._begin(watch)
        _start(supervisor, [spec for spec in self.plan.processes if spec.phase is Phase.HELPERS])
        progress("waiting until everything runs")
        what = "the start of every process"
        _wait(what, lambda: _not_running(supervisor), watch, UP_LIMIT_S, progress)
        return runtime

    def _runtime(self, supervisor: Supervisor, servers: Servers) -> Runtime:
        credentials = self.plan.flower_credentials
        return Runtime(
            home=str(self.home.path),
            mode=self.plan.mode,
            redis_url=servers.redis.url,
            database_url=servers.postgres.url,
            control_socket=str(supervisor.socket),
            supervisor_pid=supervisor.pid(),
            flower_url=self.plan.flower_url,
            flower_credentials=str(credentials) if credentials else None,
            web_url=self.plan.web_url,
            web_credentials=str(self.plan.web_credentials) if self.plan.web_credentials else None,
            simulators=dict(self.plan.simulators),
            session=dict(self._session),
        )


def _start(supervisor: Supervisor, specs: Sequence[ProcessSpec]) -> None:
    for spec in specs:
        for each in spec.expanded():
            supervisor.start(each.name)


def _wait(what: str, pending: Pending, watch: Watch, limit_s: float, progress: Progress) -> None:
    """Wait until nothing is pending; a broken program ends the wait at once."""

    def watched() -> str | None:
        watch()
        return pending()

    wait_until(watched, limit_s=limit_s, what=what, tell=progress)


def _wait_healthy(specs: Sequence[ProcessSpec], watch: Watch, progress: Progress) -> None:
    for spec in specs:
        if spec.health_url is not None:
            pending = partial(_unhealthy, spec.health_url)
            _wait(f"the start of {spec.name}", pending, watch, READY_LIMIT_S, progress)


def _unhealthy(url: str) -> str | None:
    try:
        answer = urllib3.request("GET", url, timeout=HEALTH_LIMIT_S, retries=False)
    except urllib3.exceptions.HTTPError as error:
        return f"{url}: {type(error).__name__}"
    return None if answer.status == 200 else f"{url} answers {answer.status}"


def _not_running(supervisor: Supervisor) -> str | None:
    late = [each.name for each in supervisor.statuses() if not each.is_running]
    return f"{', '.join(late)} not running yet" if late else None


def _raise_if_broken(home: Home, statuses: Sequence[ProcessStatus]) -> None:
    for each in statuses:
        if each.exits >= EXITS_MAX:
            log = home.log_file(each.name)
            raise StartFailed(each.name, last_words(log), log)
