"""Kills processes with -9, each at the seeded end of each of its lives."""

import os
import signal
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from arb.chaos.orders.plan import is_mortal, lives_ms
from arb.domain.time import NS_PER_MS
from arb.ports.market import Clock

LOOK_S: Final = 0.2
Running = Callable[[], Mapping[str, int]]  # program -> pid, of those that are at work


@dataclass(frozen=True, slots=True)
class _Life:
    pid: int
    ends_at_ns: int | None  # None: we ended it


class KillerThread(ABC):
    """A thread that kills processes of the stack, and counts them."""

    def __init__(self, name: str, running: Running, clock: Clock) -> None:
        self._running, self._clock = running, clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self.kills: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to kill."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; nothing is killed after this returns."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @abstractmethod
    def _work(self) -> None:
        """Kill until it is stopped."""

    def _kill(self, pid: int, counted_as: str) -> bool:
        """Kill a process with -9; tell whether it was there."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # it went by itself
            return False
        self.kills[counted_as] += 1
        return True


class Killer(KillerThread):
    """Kills at random times, by a seed."""

    def __init__(self, seed: int, running: Running, clock: Clock) -> None:
        super().__init__("killer", running, clock)
        self._seed = seed
        self._lives: dict[str, Iterator[int]] = {}
        self._current: dict[str, _Life] = {}

    def look(self) -> None:
        """Note who began a new life, and end those whose time has come."""
        now_ns = self._clock.now_ns()
        for program, pid in self._running().items():
            if not is_mortal(program):
                continue
            life = self._current.get(program)
            if life is None or life.pid != pid:
                lives = self._lives.setdefault(program, lives_ms(self._seed, program))
                self._current[program] = _Life(pid, now_ns + next(lives) * NS_PER_MS)
            elif life.ends_at_ns is not None and now_ns >= life.ends_at_ns and self._kill(pid, program):
                self._current[program] = _Life(pid, None)

    def _work(self) -> None:
        while not self._stopping.wait(LOOK_S):
            self.look()
