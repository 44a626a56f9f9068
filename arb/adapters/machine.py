"""`arb.engine.probes.machine.Machine` by psutil."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

import psutil

from arb.engine.probes.machine import Usage

BYTES_PER_MB: Final = 1024 * 1024
GONE: Final = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)
CENT: Final = Decimal("0.1")
LOOK_NS_MIN: Final = 500_000_000  # a shorter time says nothing about a load


@dataclass(frozen=True, slots=True)
class Look:
    """What a process had used at some time."""

    created_s: float
    cpu_s: float
    at_ns: int


@dataclass(slots=True)
class PsutilMachine:
    """Looks at the processes that `pids` names (name -> pid), and at the disks of some paths."""

    pids: Callable[[], Mapping[str, int]]
    paths: Sequence[Path]
    _looks: dict[int, Look] = field(default_factory=dict)

    def processes(self, now_ns: int) -> Sequence[Usage]:
        pids = self.pids()
        self._looks = {pid: look for pid, look in self._looks.items() if pid in pids.values()}
        found = (self._usage(name, pid, now_ns) for name, pid in pids.items())
        return [usage for usage in found if usage is not None]

    def _usage(self, name: str, pid: int, now_ns: int) -> Usage | None:
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                times, created_s = process.cpu_times(), process.create_time()
                rss_mb = Decimal(process.memory_info().rss) / BYTES_PER_MB
        except GONE:
            return None
        look = Look(created_s, times.user + times.system, now_ns)
        last = self._looks.get(pid)
        if last is None or last.created_s != created_s:
            self._looks[pid] = look
            return Usage(name, None, rss_mb.quantize(CENT))
        if now_ns - last.at_ns < LOOK_NS_MIN:
            return Usage(name, None, rss_mb.quantize(CENT))
        self._looks[pid] = look
        share = Decimal(look.cpu_s - last.cpu_s) * 1_000_000_000 / (now_ns - last.at_ns)
        return Usage(name, (share * 100).quantize(CENT), rss_mb.quantize(CENT))

    def disk_free_mb(self) -> Mapping[str, Decimal]:
        free = {}
        for path in self.paths:
            try:
                bytes_free = psutil.disk_usage(str(path)).free
            except OSError:
                continue  # not there (yet)
            free[str(path)] = Decimal(bytes_free // BYTES_PER_MB)
        return free
