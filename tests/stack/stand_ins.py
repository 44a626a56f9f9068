"""Small real processes in the place of workers, and a stack of them."""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import redis

from arb.stack.home import Home
from arb.stack.lifecycle import Stack
from arb.stack.postgres_server import ping_postgres
from arb.stack.process_spec import Phase, ProcessSpec
from arb.stack.processes import ProcessPlan
from arb.stack.status import stack_status
from arb.stack.wait import wait_until

SLEEPER = "import time; time.sleep(1e6)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1e6)"
DIARIST = """
import os, signal, sys, time
def note(*_):
    with open({diary!r}, "a") as diary:
        diary.write({name!r} + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, note)
time.sleep(1e6)
"""
ENVIRONMENT = "import json, os, time; json.dump(dict(os.environ), open({path!r}, 'w')); time.sleep(1e6)"


def python(name: str, code: str, phase: Phase = Phase.WORKERS, **options) -> ProcessSpec:
    """A process that runs this code, packed into one line."""
    return ProcessSpec(name=name, command=(sys.executable, "-c", f"exec({code!r})"), phase=phase, **options)


def diarists(diary: Path) -> list[ProcessSpec]:
    """One process for each phase, that writes its name down when it is asked to stop."""
    names = {"simulator": Phase.SIMULATORS, "worker": Phase.WORKERS, "feed": Phase.PRODUCERS}
    return [python(name, DIARIST.format(diary=str(diary), name=name), phase) for name, phase in names.items()]


def a_stack(home: Home, processes: Sequence[ProcessSpec] = (), **options) -> Stack:
    """A stack with embedded servers, these processes and no migrations."""
    processes = tuple(processes) or (python("worker", SLEEPER),)
    options = {"migrate": lambda _url: None, **options}
    return Stack(home, ProcessPlan(mode="mock", processes=processes), **options)


def pids(stack: Stack) -> dict[str, int]:
    """The pid of every program, and of the supervisor."""
    status = stack_status(stack.home)
    return {each.name: each.pid for each in status.processes} | {"supervisor": status.runtime.supervisor_pid}


def kill_9(pid: int) -> None:
    """The unclean death."""
    os.kill(pid, signal.SIGKILL)


def kill_all_9(all_pids: Sequence[int]) -> None:
    """The unclean death of all of these; one dies with its parent, and may be gone already."""
    for pid in all_pids:
        with suppress(ProcessLookupError):
            kill_9(pid)


def wait_gone(all_pids: Sequence[int], limit_s: float = 15) -> None:
    """Return when none of these runs."""

    def pending() -> str | None:
        left = [pid for pid in all_pids if psutil.pid_exists(pid) and not _is_zombie(pid)]
        return f"{left} still there" if left else None

    wait_until(pending, limit_s=limit_s, what="the end of all processes")


def wait_serving(stack: Stack) -> None:
    """Return when PostgreSQL takes connections again: it recovers first."""
    url = stack_status(stack.home).runtime.database_url
    wait_until(lambda: ping_postgres(url), limit_s=15, what="the recovery of PostgreSQL")


def wait_restarted(stack: Stack, name: str, old_pid: int, limit_s: float = 15) -> None:
    """Return when the supervisor has started this program anew and counts it as running."""

    def pending() -> str | None:
        (status,) = [each for each in stack_status(stack.home).processes if each.name == name]
        return None if status.is_running and status.pid != old_pid else str(status)

    wait_until(pending, limit_s=limit_s, what=f"the restart of {name}")


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def redis_of(stack: Stack) -> redis.Redis:
    """A client of the stack's Redis."""
    return redis.Redis.from_url(stack_status(stack.home).runtime.redis_url)
