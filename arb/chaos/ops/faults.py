"""What is broken, how it is mended, and which alerts have to tell: one row for each.

`python -m arb.chaos.ops.faults cpu` or `... memory MB` is a process that takes too much.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Final
from xmlrpc.client import Fault

import psutil

from arb.chaos.orders.simulator_control import SimulatorControl
from arb.domain.errors import VenueError
from arb.domain.health.alert import AlertKind
from arb.domain.market.ids import Venue
from arb.stack.control import Supervisor
from arb.stack.home import CHECKOUT, Home
from arb.stack.signals import MARK, descendants
from arb.venues.registry import FACTS

TIMED: Final = next(venue for venue in Venue if FACTS[venue].has_receive_window)  # whose clock matters
SKEW_MS: Final = 3_000
DISK_MB: Final = 32
LEFT_MB: Final = 8
HOG_MB: Final = 600
BYTES_PER_MB: Final = 1024 * 1024


class StackGone(Exception):
    """The stack ended while something was broken: its supervisor does not answer, or is shutting down."""


class NotHere(Exception):
    """This machine does not allow the fault; the text says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpsFault:
    """One thing to break. `told_by` are kinds of alerts; any of them about any of the subjects will do."""

    name: str
    broken: Callable[[], AbstractContextManager[str]]  # gives the subject; mends at its end
    told_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInjector:
    """Breaks the stack of one home."""

    home: Home
    switchboard: SimulatorControl
    disk: Path | None  # a small one, to fill

    def faults(self) -> tuple[OpsFault, ...]:
        """Return all, the gentle ones first."""
        beats = (AlertKind.WATCHDOG_REDIS_HEARTBEAT_AGE, AlertKind.WATCHDOG_CANARY_AGE)
        return (
            OpsFault(name="hog", broken=lambda: self._hog("cpu"), told_by=(AlertKind.WATCHDOG_CPU,)),
            OpsFault(
                name="memory_hog",
                broken=lambda: self._hog("memory", str(HOG_MB)),
                told_by=(AlertKind.WATCHDOG_RSS,),
            ),
            OpsFault(name="full_disk", broken=self._full_disk, told_by=(AlertKind.WATCHDOG_DISK_FREE,)),
            OpsFault(name="clock_jump", broken=self._clock_jump, told_by=(AlertKind.WATCHDOG_CLOCK_OFFSET,)),
            OpsFault(name="stalled_worker", broken=lambda: self.stopped("worker-evaluate"), told_by=beats),
            OpsFault(name="stopped_beat", broken=self._no_beat, told_by=(AlertKind.WATCHDOG_BEAT_AGE,)),
            OpsFault(
                name="redis_away",
                broken=lambda: self.stopped("redis"),
                told_by=(AlertKind.REDIS_UNREACHABLE,),
            ),
            OpsFault(
                name="postgres_away",
                broken=lambda: self.stopped("postgres"),
                told_by=(AlertKind.POSTGRES_UNREACHABLE,),
            ),
            OpsFault(
                name="workers_gone",
                broken=lambda: self.stopped("worker-"),
                told_by=(AlertKind.ALL_WORKERS_GONE,),
            ),
            OpsFault(
                name="frozen_feed",
                broken=lambda: self.stopped("feed"),
                told_by=(
                    AlertKind.WATCHDOG_REDIS_HEARTBEAT_AGE,
                    AlertKind.WATCHDOG_QUOTE_AGE,
                    AlertKind.ALL_FEEDS_UNHEALTHY,
                ),
            ),
        )

    def pids(self) -> Mapping[str, int]:
        """Return name -> pid of what is supervised. Raises: StackGone."""
        with asking(self.home) as supervisor:
            return {each.name: each.pid for each in supervisor.statuses() if each.pid is not None}

    @contextmanager
    def stopped(self, name: str) -> Iterator[str]:
        """Stop all processes whose name begins so, with all below them: alive, and silent."""
        found = [pid for each, pid in self.pids().items() if each.startswith(name)]
        family = [process for pid in found for process in descendants(pid)]
        for process in family:
            process.send_signal(signal.SIGSTOP)
        try:
            yield name
        finally:
            for process in family:
                if process.is_running():
                    process.send_signal(signal.SIGCONT)

    @contextmanager
    def _no_beat(self) -> Iterator[str]:
        with asking(self.home) as supervisor:
            supervisor.stop("beat")
        try:
            yield "beat"
        finally:
            with asking(self.home) as supervisor:
                supervisor.start("beat")

    @contextmanager
    def _clock_jump(self) -> Iterator[str]:
        self._skew([{"kind": "clock_skew_ms", "delay_ms": SKEW_MS}])
        try:
            yield TIMED.value
        finally:
            self._skew([])

    def _skew(self, faults: list[dict[str, object]]) -> None:
        try:
            self.switchboard.put_faults(TIMED, faults)
        except VenueError as error:
            raise StackGone(str(error)) from error

    @contextmanager
    def _hog(self, *arguments: str) -> Iterator[str]:
        # It carries the stack's mark, so that the watchdog counts it as one of the stack's own.
        command = (sys.executable, "-m", "arb.chaos.ops.faults", *arguments)
        environment = {**os.environ, MARK: str(self.home.path)}
        with subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE) as hog:
            try:
                yield f"process-{hog.pid}"
            finally:
                hog.kill()

    @contextmanager
    def _full_disk(self) -> Iterator[str]:
        """Fill the small disk that the watchdog was told of."""
        if self.disk is None:
            raise NotHere("a small disk to fill: mounting one needs root")
        filler = self.disk / "filler"
        free_mb = psutil.disk_usage(str(self.disk)).free // BYTES_PER_MB
        filler.write_bytes(b"x" * ((free_mb - LEFT_MB) * BYTES_PER_MB))
        try:
            yield str(self.disk)
        finally:
            filler.unlink()


@contextmanager
def asking(home: Home) -> Iterator[Supervisor]:
    """Yield the supervisor of a stack that runs. Raises: StackGone."""
    try:
        yield Supervisor(home)
    except (OSError, HTTPException, Fault) as error:
        raise StackGone(str(error)) from error


@contextmanager
def small_disk(path: Path, size_mb: int = DISK_MB) -> Iterator[Path | None]:
    """Mount a small disk at `path` if this machine lets us; give it, None where there is none."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], capture_output=True, check=False)


def hog(kind: str, size_mb: str = "0") -> None:
    """Take the processor or memory until killed."""
    if kind == "memory":
        block = bytearray(int(size_mb) * BYTES_PER_MB)
        block[::4096] = b"x" * len(block[::4096])
        sys.stdin.read()
    with suppress(PermissionError, AttributeError):  # so that it gets its core on a busy machine too
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    while True:
        pass


if __name__ == "__main__":
    hog(*sys.argv[1:])
