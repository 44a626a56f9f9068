"""How a stack is."""

from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Final
from xmlrpc.client import Fault

from arb.stack.control import ProcessStatus, Supervisor
from arb.stack.errors import StackNotRunning
from arb.stack.home import Home, Runtime, read_runtime

TAIL_BYTES: Final = 4096
LINE_CHARACTERS_MAX: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class StackStatus:
    """Where it is and how each of its programs is."""

    runtime: Runtime
    processes: tuple[ProcessStatus, ...]

    @property
    def is_healthy(self) -> bool:
        """Say whether every program runs."""
        return all(each.is_running for each in self.processes)


def stack_status(home: Home) -> StackStatus:
    """Return the status of the stack in `home`. Raises: StackNotRunning, also if it ends meanwhile."""
    runtime = read_runtime(home)
    try:
        return StackStatus(runtime=runtime, processes=Supervisor(home).statuses())
    except (OSError, HTTPException, Fault) as error:  # a fault: it is shutting down
        raise StackNotRunning(home.path) from error


def last_words(log: Path) -> str:
    """Return the last line that says something in a log."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - TAIL_BYTES))
            lines = [line for line in stream.read().decode(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        lines = []
    return lines[-1].strip()[:LINE_CHARACTERS_MAX] if lines else "it said nothing"
