"""The embedded PostgreSQL of a stack that is stopped, run for as long as somebody reads what it keeps.

It holds the home's lock, so that no stack starts in the meantime, and dies with this process however it dies:
what is left is a cluster that recovers by itself, as after any kill.
"""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import psutil

from arb.stack.control import Supervisor
from arb.stack.errors import StackAlreadyRunning, StackBusy, StackNotRunning, StartFailed
from arb.stack.files import read_text
from arb.stack.home import Home
from arb.stack.postgres_server import embedded_postgres
from arb.stack.process_spec import ProcessSpec, Server
from arb.stack.servers import unsupervised
from arb.stack.shutdown import Progress
from arb.stack.status import last_words
from arb.stack.wait import wait_until

LOCK_LIMIT_S: Final = 120.0  # the longest start and the longest stop end sooner
GONE_LIMIT_S: Final = 30.0
RECOVERED_LIMIT_S: Final = 120.0  # of a write-ahead log as large as we let it become, on a slow disk
LOG: Final = "postgres-read"


def has_cluster(home: Home) -> bool:
    """Say whether an embedded PostgreSQL has ever kept anything for this home. Touches nothing."""
    return (_data(home) / "PG_VERSION").exists()


@contextmanager
def stopped_postgres(home: Home, progress: Progress) -> Iterator[str]:
    """Run the cluster of a stopped stack and yield its URL.

    Raises: StackNotRunning if there is none, StackAlreadyRunning if the stack came up while its lock was
    awaited, TookTooLong, StartFailed.
    """
    if not has_cluster(home):
        raise StackNotRunning(home.path)
    with ExitStack() as held:
        _lock(home, held, progress)
        if Supervisor(home).is_running():
            raise StackAlreadyRunning(home.path)
        _wait_for_former(home, progress)
        if (_data(home) / "postmaster.pid").exists():
            progress("PostgreSQL was not shut down cleanly; it recovers first, which takes some seconds")
        server = embedded_postgres(home)
        if server.process is None:
            raise StackNotRunning(home.path)
        process = held.enter_context(unsupervised(server.process, home, LOG))
        _wait_ready(home, server, server.process, process, progress)
        yield server.url


def _data(home: Home) -> Path:
    elsewhere = (read_text(home.postgres_note) or "").strip()
    return (Path(elsewhere) if elsewhere else home.postgres) / "data"


def _lock(home: Home, held: ExitStack, progress: Progress) -> None:
    """Hold the home's lock. A command that starts, stops or reads the stack ends soon."""
    told = False

    def pending() -> str | None:
        nonlocal told
        try:
            held.enter_context(home.locked())
        except StackBusy as error:
            if not told:
                told = True
                progress(f"waiting: {error}")
            return str(error)
        return None

    wait_until(pending, limit_s=LOCK_LIMIT_S, what="waiting for the home", tell=progress)


def _wait_for_former(home: Home, progress: Progress) -> None:
    """Wait for the processes of a server that was killed: while one of them lives, no other can start."""
    data = _data(home).resolve()

    def pending() -> str | None:
        return "the PostgreSQL of a stack that was killed still stops" if _is_served(data) else None

    wait_until(pending, limit_s=GONE_LIMIT_S, what="waiting for the cluster", tell=progress)


def _is_served(data: Path) -> bool:
    """Say whether a server's process works in this directory; each of them does, whoever its parent is."""
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"].startswith("postgres") and process.cwd() == str(data):
                return True
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return False


def _wait_ready(
    home: Home, server: Server, spec: ProcessSpec, process: "subprocess.Popen[bytes]", progress: Progress
) -> None:
    def pending() -> str | None:
        if process.poll() is not None:
            log = home.log_file(LOG)
            raise StartFailed(spec.name, last_words(log), log)
        return server.ping(server.url)

    wait_until(pending, limit_s=RECOVERED_LIMIT_S, what="the start of PostgreSQL", tell=progress)
