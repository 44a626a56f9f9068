"""What the machine shows: CPU and memory of every process, room on the disks, clocks of the venues."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from arb.domain.health.judge import Reading
from arb.domain.market.ids import Venue
from arb.ports.trading import VenueClient


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """CPU, memory, file descriptors and threads of one process."""

    name: str
    cpu_pct: Decimal | None  # of one core since the last look; None at the first
    rss_mb: Decimal
    descriptors: int | None = None  # None where they may not be read
    threads: int | None = None


class Machine(Protocol):
    """What can be measured of this machine."""

    def processes(self, now_ns: int) -> Sequence[ProcessUsage]:
        """Return what each process of the stack takes."""

    def disk_free_mb(self) -> Mapping[str, Decimal]:
        """Return what is free on each disk that matters, by path."""


class Diary(Protocol):
    """Where samples of processes are written down."""

    def write(self, usages: Sequence[ProcessUsage]) -> None:
        """Write a line for each process. Never raises."""


@dataclass(slots=True)
class Load:
    """CPU, memory and disks; what each process takes is written down once in each sample's time."""

    machine: Machine
    diary: Diary
    sample_ns: int
    _sampled: int = -1

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return a measurement for each process and each disk."""
        usages = self.machine.processes(now_ns)
        sample = now_ns // self.sample_ns
        if sample != self._sampled:  # also when our clock was set back
            self._sampled = sample
            self.diary.write(usages)
        for usage in usages:
            yield Reading("rss_mb", usage.name, usage.rss_mb)
            if usage.cpu_pct is not None:
                yield Reading("cpu_pct", usage.name, usage.cpu_pct)
        for path, free_mb in self.machine.disk_free_mb().items():
            yield Reading("disk_free_mb", path, free_mb)


@dataclass(slots=True)
class ClockOffset:
    """The venues' clocks against ours; asked less often than the rest, since it costs a request."""

    venues: Mapping[Venue, VenueClient]
    every_ns: int
    _last: list[Reading] = field(default_factory=list)
    _asked_ns: int = 0

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return how far each venue's clock is off, either way. Raises: VenueError."""
        if not 0 <= now_ns - self._asked_ns < self.every_ns:  # also when our clock was set back
            self._asked_ns, self._last = now_ns, []
            for venue, client in self.venues.items():
                offset_ms = client.time_offset_ms()
                if offset_ms is not None:
                    self._last.append(Reading("clock_offset_ms", venue, Decimal(abs(offset_ms))))
        return self._last
