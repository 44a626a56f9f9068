"""Finding and ending the processes of a stack: by mark and by pid, never by name."""

import os
import signal
from collections.abc import Iterable
from typing import Final

import psutil

from arb.stack.files import read_text
from arb.stack.home import Home
from arb.stack.process_spec import ProcessSpec

MARK: Final = "STACK_OF_ARB"  # in the environment of everything a stack runs; its value is the home
POLITE_WAIT_S: Final = 8.0
KILL_WAIT_S: Final = 5.0


def stop_signal(spec: ProcessSpec) -> signal.Signals:
    """Return the signal that asks this process to stop."""
    return signal.Signals[f"SIG{spec.stop_signal}"]


def marked_processes(home: Home) -> list[psutil.Process]:
    """Return what runs with this home's mark; never this process."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(home.path) and process.pid != os.getpid():
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def descendants(pid: int) -> list[psutil.Process]:
    """Return everything below `pid`, and itself."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def end(processes: Iterable[psutil.Process], polite_wait_s: float = POLITE_WAIT_S) -> int:
    """Ask these to stop, kill those that do not, and return how many there were.

    psutil compares creation times, so that a pid taken over by somebody else is left alone.
    """
    alive = [process for process in processes if process.is_running()]
    for process in alive:
        send(process, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(alive, timeout=polite_wait_s)
    for process in stubborn:
        send(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=KILL_WAIT_S)
    return len(alive)


def send(process: psutil.Process, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def supervisor_pid(home: Home) -> int | None:
    """Return the pid that the supervisor of this home wrote, which may be of the past."""
    text = (read_text(home.supervisord_pid_file) or "").strip()
    return int(text) if text.isdigit() else None
