"""`arb.engine.health.probes.machine.Machine` by psutil."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

import psutil

from arb.domain.health.judge import Reading
from arb.engine.health.probes.machine import ProcessUsage

BYTES_PER_MB: Final = 1024 * 1024
GONE: Final = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)
MACHINE: Final = "machine"
CENT: Final = Decimal("0.1")
LOOK_NS_MIN: Final = 500_000_000  # a shorter time says nothing about a load
YOUNG_NS: Final = 5_000_000_000  # a process that starts is busy with that


@dataclass(frozen=True, slots=True)
class _Look:
    """What a process had used at some time."""

    created_s: float
    cpu_s: float
    at_ns: int


@dataclass(slots=True)
class PsutilMachine:
    """Looks at the processes that `pids` names (name -> pid), and at the disks of some paths."""

    pids: Callable[[], Mapping[str, int]]
    paths: Sequence[Path]
    _looks: dict[int, _Look] = field(default_factory=dict)

    def processes(self, now_ns: int) -> Sequence[ProcessUsage]:
        pids = self.pids()
        self._looks = {pid: look for pid, look in self._looks.items() if pid in pids.values()}
        found = (self._usage(name, pid, now_ns) for name, pid in pids.items())
        return [usage for usage in found if usage is not None]

    def _usage(self, name: str, pid: int, now_ns: int) -> ProcessUsage | None:
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                times, created_s = process.cpu_times(), process.create_time()
                rss_mb = Decimal(process.memory_info().rss) / BYTES_PER_MB
                descriptors, threads = _descriptors(process), process.num_threads()
        except GONE:
            return None
        look = _Look(created_s, times.user + times.system, now_ns)
        return ProcessUsage(name, self._cpu_pct(pid, look), rss_mb.quantize(CENT), descriptors, threads)

    def _cpu_pct(self, pid: int, look: _Look) -> Decimal | None:
        """Return the load since the last look; at the first since the process began, if that says something.

        Another process may have swept so far: its looks are not ours.
        """
        last = self._looks.get(pid)
        if last is not None and last.created_s == look.created_s:
            if 0 <= look.at_ns - last.at_ns < LOOK_NS_MIN:
                return None
            used_s, over_ns = look.cpu_s - last.cpu_s, look.at_ns - last.at_ns
        else:
            used_s, over_ns = look.cpu_s, look.at_ns - int(look.created_s * 1_000_000_000)
        self._looks[pid] = look
        if over_ns < (LOOK_NS_MIN if last is not None else YOUNG_NS):
            return None
        return (Decimal(used_s) * 100 * 1_000_000_000 / over_ns).quantize(CENT)

    def pressure(self) -> Sequence[Reading]:
        """Return what the whole machine has left: memory, and CPU by the load of the last minute."""
        cores = psutil.cpu_count() or 1
        load_pct = Decimal(psutil.getloadavg()[0]) * 100 / cores
        available_mb = Decimal(psutil.virtual_memory().available // BYTES_PER_MB)
        return (
            Reading("available_memory_mb", MACHINE, available_mb),
            Reading("load_pct", MACHINE, load_pct.quantize(CENT)),
        )

    def disk_free_mb(self) -> Mapping[str, Decimal]:
        free = {}
        for path in self.paths:
            try:
                bytes_free = psutil.disk_usage(str(path)).free
            except OSError:
                continue  # not there (yet)
            free[str(path)] = Decimal(bytes_free // BYTES_PER_MB)
        return free


def _descriptors(process: psutil.Process) -> int | None:
    try:
        return process.num_fds()
    except psutil.AccessDenied:
        return None  # another user's
