"""A process of the stack, as data, and a server that is one of them or somebody else's."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from arb.stack.wait import untold, wait_until

LAUNCHER: Final = Path(__file__).with_name("launch.py")
READY_LIMIT_S: Final = 30.0  # crash recovery of a big write-ahead log is what takes long
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

    @property
    def is_module(self) -> bool:
        """Tell whether it is one of our own programs, which run as modules of Python."""
        return self.command[:2] == (sys.executable, "-m")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server the stack relies on. `ping` returns None when it answers, else why it does not."""

    name: str
    url: str  # holds the password
    process: ProcessSpec | None  # None: somebody else runs it
    ping: Callable[[str], str | None]

    def wait_ready(self, watch: Callable[[], None], tell: Callable[[str], None] = untold) -> None:
        """Return when the server answers; `watch` may raise to end the wait. Raises: TookTooLong."""

        def pending() -> str | None:
            watch()
            return self.ping(self.url)

        wait_until(pending, limit_s=READY_LIMIT_S, what=f"the start of {self.name}", tell=tell)
