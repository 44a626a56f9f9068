"""Time for the simulators: Unix nanoseconds, handed in from the process entry point."""

import time
from typing import Protocol

from arb.domain.time import NS_PER_MS


class Clock(Protocol):
    """Anything that tells the time in Unix nanoseconds."""

    def now_ns(self) -> int: ...


class SystemClock:
    """The wall clock of this machine."""

    def now_ns(self) -> int:
        return time.time_ns()  # noqa: TID251  the simulator's one door to the wall clock


class ManualClock:
    """A clock that moves only when told to; for tests and replays."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        return self._now_ns

    def advance_ms(self, milliseconds: int) -> None:
        self._now_ns += milliseconds * NS_PER_MS
