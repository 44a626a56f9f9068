"""The status of a stack: its processes and its servers."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arb.stack.control import AWAY, ProcessStatus, Supervisor
from arb.stack.errors import StackNotRunning
from arb.stack.home import Home, Runtime, read_runtime
from arb.stack.signals import descendants, marked_processes

SUPERVISOR: Final = "supervisord"
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
    except AWAY as error:
        raise StackNotRunning(home.path) from error


def processes_of(home: Home) -> Mapping[str, int]:
    """Return name -> pid of all that runs for a home; without a supervisor only this process."""
    supervisor = Supervisor(home)
    try:
        supervised = {each.name: each.pid for each in supervisor.statuses() if each.pid is not None}
        itself = supervisor.pid()
    except AWAY:
        return {f"process-{os.getpid()}": os.getpid()}
    below = {child.pid for pid in supervised.values() for child in descendants(pid)}
    strays = [each.pid for each in marked_processes(home) if each.pid not in below | {itself}]
    return {SUPERVISOR: itself, **supervised, **{f"process-{pid}": pid for pid in strays}}


def last_words(log: Path) -> str:
    """Return the last line that says something in a log."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - TAIL_BYTES))
            lines = [line for line in stream.read().decode(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        lines = []
    return lines[-1].strip()[:LINE_CHARACTERS_MAX] if lines else "it said nothing"
