"""A process of the stack, as data."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

LAUNCHER: Final = Path(__file__).with_name("launch.py")
EMPTY: Final[Mapping[str, str]] = MappingProxyType({})


class Phase(IntEnum):
    """When a process starts; the stack stops in the reverse order."""

    SERVERS = 100
    SIMULATORS = 200
    WORKERS = 300
    PRODUCERS = 400  # what makes work for the workers: the feed and the user streams
    HELPERS = 500  # what trading does not wait for: housekeeping, fallback, beat, the pages


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """One supervised program. `{copy}` in an argument becomes the number of the copy."""

    name: str
    command: tuple[str, ...]
    phase: Phase
    environment: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    stop_signal: str = "TERM"
    stop_wait_s: int = 10  # then SIGKILL
    start_wait_s: int = 1  # has to stay up this long to count as running; sooner ends are backed off
    copies: int = 1
    user: str | None = None  # to drop to, when root
    directory: Path | None = None
    health_url: str | None = None  # answers 200 when ready

    def launch_command(self) -> tuple[str, ...]:
        """Return the command behind the launcher, which ties it to its supervisor's life."""
        options = ["--signal", self.stop_signal]
        if self.user:
            options += ["--user", self.user]
        if self.directory:
            options += ["--directory", str(self.directory)]
        return (sys.executable, "-I", "-S", str(LAUNCHER), *options, "--", *self.command)

    def expanded(self) -> tuple["ProcessSpec", ...]:
        """Return one spec for each copy, named `name-1` and so on; a single one keeps its name."""
        if self.copies == 1:
            return (self._numbered(1),)
        return tuple(
            replace(self._numbered(number), name=f"{self.name}-{number}")
            for number in range(1, self.copies + 1)
        )

    def _numbered(self, number: int) -> "ProcessSpec":
        command = tuple(argument.replace("{copy}", str(number)) for argument in self.command)
        return replace(self, command=command, copies=1)
