"""Stop a stack: makers of work first, servers last, and leave nothing running."""

import configparser
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby
from typing import Final

import psutil

from arb.stack.control import AWAY, Supervisor
from arb.stack.errors import StackNotRunning, TookTooLong
from arb.stack.home import Home
from arb.stack.process_spec import Phase
from arb.stack.signals import descendants, end, marked_processes, supervisor_pid
from arb.stack.wait import wait_until

Progress = Callable[[str], None]
MARGIN_S: Final = (
    5.0  # on top of a program's own stop time, for its SIGKILL and the supervisor's second-long turn
)
SUPERVISOR_WAIT_S: Final = 15.0
NARRATION: Final = {
    Phase.HELPERS: "stopping beat, housekeeping and the pages",
    Phase.PRODUCERS: "stopping the feed",
    Phase.WORKERS: "letting the workers finish",
    Phase.SIMULATORS: "stopping the simulated exchanges",
    Phase.SERVERS: "stopping Redis and PostgreSQL",
}


def silent(_text: str) -> None:
    """Show no progress."""


def stop_stack(home: Home, progress: Progress = silent) -> None:
    """Stop the stack of `home`, or what a killed one left. Raises: StackNotRunning, StackBusy."""
    if not home.lock_file.exists():
        raise StackNotRunning(home.path)
    with home.locked():
        if halt(home, progress) == 0:
            raise StackNotRunning(home.path)


def halt(home: Home, progress: Progress) -> int:
    """Stop whatever runs for this home and return how many processes there were."""
    supervisor = Supervisor(home)
    ours: list[psutil.Process] = []
    if supervisor.is_running():
        # It died under us, or shuts down by itself already: what is left is ended below.
        with suppress(*AWAY, TookTooLong):
            ours = descendants(supervisor.pid())
            _stop_in_order(home, supervisor, progress)
            supervisor.shutdown()
            psutil.wait_procs(ours, timeout=SUPERVISOR_WAIT_S)
    return len(ours) + clear_leftovers(home, ours)


def clear_leftovers(home: Home, known: list[psutil.Process] | None = None) -> int:
    """End what an unclean death left behind, and return how many processes that were."""
    former = supervisor_pid(home)
    marked = {process.pid: process for process in (*(known or ()), *marked_processes(home))}
    supervisors = [marked.pop(former)] if former in marked else []
    ended = end(supervisors) + end(marked.values())  # the supervisor first, or it would restart the others
    for stale in (home.control_socket(), home.supervisord_pid_file):
        stale.unlink(missing_ok=True)
    home.forget_stack()
    return ended


def _stop_in_order(home: Home, supervisor: Supervisor, progress: Progress) -> None:
    stop_waits = _stop_waits(home)
    for phase, programs in groupby(sorted(stop_waits, reverse=True), key=lambda each: each[0]):
        names = {name: wait_s for _, name, wait_s in programs}
        progress(NARRATION[phase])
        for name in names:
            supervisor.stop(name)
        wait_until(
            lambda names=frozenset(names): _still_running(supervisor, names),  # type: ignore[misc]
            limit_s=max(names.values()) + MARGIN_S,
            what="stopping",
            tell=progress,
        )


def _still_running(supervisor: Supervisor, names: frozenset[str]) -> str | None:
    left = [each.name for each in supervisor.statuses() if each.name in names and not each.is_stopped]
    return f"{', '.join(left)} still running" if left else None


def _stop_waits(home: Home) -> list[tuple[Phase, str, int]]:
    """Return (phase, name, stop time in seconds) of every program the supervisor was given."""
    parser = configparser.RawConfigParser()
    parser.read(home.supervisord_conf, encoding="utf-8")
    sections = [name for name in parser.sections() if name.startswith("program:")]
    return [
        (
            Phase(parser.getint(section, "priority")),
            section.removeprefix("program:"),
            parser.getint(section, "stopwaitsecs"),
        )
        for section in sections
    ]
