"""Which servers a stack uses: those that are configured, else embedded ones.

`servers_only` runs the embedded pair without supervision, in a home of its own, for tests and
one-off commands.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from arb.domain.errors import ConfigError
from arb.stack.home import Home
from arb.stack.postgres_server import Durability, embedded_postgres, ensure_database, ping_database
from arb.stack.process_spec import ProcessSpec, Server
from arb.stack.redis_server import embedded_redis, ping_redis
from arb.stack.signals import MARK, stop_signal
from arb.stack.wait import untold

TEMPORARY_PREFIX: Final = "arb-servers-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The pair every stack has."""

    redis: Server
    postgres: Server

    def processes(self) -> tuple[ProcessSpec, ...]:
        """Return what has to be run: nothing for a server that somebody else runs."""
        return tuple(server.process for server in (self.redis, self.postgres) if server.process is not None)

    def wait_ready(
        self, watch: Callable[[], None] = lambda: None, tell: Callable[[str], None] = untold
    ) -> None:
        """Return when both answer and our database exists. Raises: TookTooLong, ConfigError."""
        _require(self.redis, "ARB_REDIS_URL", watch, tell)
        _require(self.postgres, "ARB_DATABASE_URL", watch, tell)
        if self.postgres.process is not None:
            ensure_database(self.postgres.url)


def choose_servers(home: Home, redis_url: str | None = None, database_url: str | None = None) -> Servers:
    """Return the configured servers; an absent URL means the embedded one."""
    if redis_url:
        redis = Server(name="redis", url=redis_url, process=None, ping=ping_redis)
    else:
        redis = embedded_redis(home)
    if database_url:
        postgres = Server(name="postgres", url=database_url, process=None, ping=ping_database)
    else:
        postgres = embedded_postgres(home)
    return Servers(redis=redis, postgres=postgres)


def _require(server: Server, key: str, watch: Callable[[], None], tell: Callable[[str], None]) -> None:
    """Wait for a server of ours; one of somebody else's has to answer at once."""
    if server.process is not None:
        server.wait_ready(watch, tell)
        return
    reason = server.ping(server.url)
    if reason is not None:
        raise ConfigError(
            f"{key}: the server does not answer ({reason}); start it, correct the URL, or unset it"
        )


@contextmanager
def servers_only() -> Iterator[Servers]:
    """Run an embedded Redis and PostgreSQL in a temporary home; both are gone at the end.

    They die with this process, however it dies, as long as the thread that called lives as long
    as it (prctl(2)). Nothing survives a power cut here: no fsync.
    """
    remove_abandoned()
    with ExitStack() as cleanup:
        home = Home(tempfile.mkdtemp(prefix=f"{TEMPORARY_PREFIX}{os.getpid()}-"))
        cleanup.callback(home.remove)
        home.create()
        lock = cleanup.enter_context(home.lock_file.open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        servers = Servers(redis=embedded_redis(home), postgres=embedded_postgres(home, Durability.NONE))
        for spec in servers.processes():
            cleanup.enter_context(unsupervised(spec, home))
        servers.wait_ready()
        yield servers


@contextmanager
def unsupervised(spec: ProcessSpec, home: Home, log_name: str = "") -> Iterator["subprocess.Popen[bytes]"]:
    """Run one process without a supervisor; on leaving it is stopped, at last by force."""
    with home.log_file(log_name or spec.name).open("w") as log:
        process = subprocess.Popen(
            spec.launch_command(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, MARK: str(home.path)},
        )
        try:
            yield process
        finally:
            process.send_signal(stop_signal(spec))
            try:
                process.wait(spec.stop_wait_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def remove_abandoned() -> None:
    """Delete temporary homes whose owner is gone (it was killed): the pid in the name, then the lock."""
    for path in Path(tempfile.gettempdir()).glob(f"{TEMPORARY_PREFIX}*-*"):
        owner = path.name.removeprefix(TEMPORARY_PREFIX).split("-")[0]
        if path.stat().st_uid != os.geteuid() or not owner.isdigit() or psutil.pid_exists(int(owner)):
            continue
        try:
            with Home(path).lock_file.open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                Home(path).remove()
        except FileNotFoundError:
            shutil.rmtree(path, ignore_errors=True)
        except BlockingIOError:
            continue
