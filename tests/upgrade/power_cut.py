"""Everything that runs for one home: finding it, ending it as a power cut would, and what it wrote."""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from tests.upgrade.versions import Place

GONE: Final = (psutil.Error, OSError)  # it ended while it was looked at, or is not ours
MARKS: Final = ("ARB_HOME", "STACK_OF_ARB")
SUPERVISOR: Final = "-m supervisor.supervisord"
END_S_MAX: Final = 20.0
TAIL_LINES: Final = 25


def processes_of(home: Path) -> list[psutil.Process]:
    """Return what runs for this home, with its children: PostgreSQL's write over their environment."""
    found = {}
    for process in psutil.process_iter():
        with suppress(*GONE):
            if process.pid != os.getpid() and _is_of(process, home):
                found |= {each.pid: each for each in (process, *process.children(recursive=True))}
    return list(found.values())


def _is_of(process: psutil.Process, home: Path) -> bool:
    environment = process.environ()
    return str(home) in {environment.get(name) for name in MARKS}


def freeze(home: Path) -> list[psutil.Process]:
    """Stop everything but PostgreSQL in the middle of what it does, and return it; the supervisor first.

    What the database says from now on is what it says when the power is gone.
    """
    (supervisor,) = [each for each in processes_of(home) if SUPERVISOR in command_of(each)]
    _signal(supervisor, signal.SIGSTOP)  # from now on nothing that ends is started again
    frozen = [supervisor]
    for process in processes_of(home):
        if process != supervisor and not _is_postgres(process):
            _signal(process, signal.SIGSTOP)
            frozen.append(process)
    return frozen


def thaw(frozen: Iterable[psutil.Process]) -> None:
    """Let everything go on."""
    for process in frozen:
        _signal(process, signal.SIGCONT)


def cut_power(home: Path) -> None:
    """Kill -9 everything at once: it is stopped before, so that nobody notices that somebody else is gone."""
    doomed = processes_of(home)
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for process in doomed:
            _signal(process, number)
    end_all(home)


def end_all(home: Path) -> None:
    """Kill whatever runs for this home until nothing does."""
    deadline_s = time.monotonic() + END_S_MAX
    while left := processes_of(home):
        assert time.monotonic() < deadline_s, f"cannot be killed: {names(left)}"
        for process in left:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(left, timeout=1.0)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(*GONE):
        process.send_signal(number)


def _is_postgres(process: psutil.Process) -> bool:
    try:
        return process.name() == "postgres"
    except GONE:
        return False


def names(processes: Iterable[psutil.Process]) -> list[str]:
    """Return what these are, for people."""
    return [f"{process.pid} {command_of(process)[:120]}" for process in processes]


def command_of(process: psutil.Process) -> str:
    """Return the command line of a process, nothing if it ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except GONE:
        return ""


def places(processes: Iterable[psutil.Process]) -> set[Place]:
    """Return where those that run Python, which is our code, look for modules."""
    found = set()
    for process in processes:
        with suppress(*GONE):
            if "python" in Path(process.exe()).name:
                found.add((Path(process.cwd()), process.environ().get("PYTHONPATH")))
    return found


def log_sizes(home: Path) -> dict[Path, int]:
    """Return how long each log is now; the links to the newest of each day are left out."""
    logs = (path for path in sorted((home / "logs").glob("*")) if path.is_file() and not path.is_symlink())
    return {path: path.stat().st_size for path in logs}


def logged_since(home: Path, sizes: dict[Path, int]) -> list[str]:
    """Return each line that was written after those sizes were taken, behind the name of its log."""
    return [
        f"{path.name}: {line}"
        for path in log_sizes(home)
        for line in path.read_bytes()[sizes.get(path, 0) :].decode(errors="replace").splitlines()
    ]


def tails(home: Path) -> str:
    """Return the end of each log."""
    return "\n".join(
        "\n".join((f"==> {path.name} <==", *path.read_text(errors="replace").splitlines()[-TAIL_LINES:]))
        for path in log_sizes(home)
    )
