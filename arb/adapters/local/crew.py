"""Threads that wait for work which must not wait for a queue: as many pieces at a time as there are threads.

Whoever has work reserves seats first and knows then that it begins at once. Nothing is ever put in line.
"""

import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

import structlog

Work = Callable[[], object]
# An interpreter lets a thread that computes go on for 5 ms by itself, each time that another one wants to.
# Work that must not wait wants to several times: before each of its sends and after each of its answers.
SWITCH_S: Final = 0.0005
THREADS: Final = 12  # four entries that are written at one moment, and both legs of each
log = structlog.get_logger("arb.trading")


class CrewSeats:
    """Threads that are reserved."""

    def __init__(self, crew: "Crew", left: int) -> None:
        self._crew, self._left = crew, left

    def run(self, work: Work) -> None:
        """Have a thread do it; returns at once."""
        if self._left < 1:
            raise ValueError("more work than seats")
        self._left -= 1
        self._crew.begin(work)

    def give_back(self) -> None:
        """Let go of those that were not used."""
        left, self._left = self._left, 0
        self._crew.free(left)


class Crew:
    """The threads of one process; they start with the first reservation, so after any fork."""

    def __init__(self, name: str, threads: int = THREADS) -> None:
        self._name, self._threads = name, threads
        self._free, self._started = threads, 0
        self._changed = threading.Condition()
        self._work: SimpleQueue[Work] = SimpleQueue()

    def reserve(self, seats: int) -> CrewSeats | None:
        """Return that many seats, or None where fewer are free: nobody waits for them."""
        with self._changed:
            if self._free < seats or not self._start():
                return None
            self._free -= seats
        return CrewSeats(self, seats)

    def begin(self, work: Work) -> None:
        """Have a thread whose seat is reserved do this."""
        self._work.put(work)

    def free(self, seats: int) -> None:
        """Note that these seats are free again."""
        with self._changed:
            self._free += seats
            self._changed.notify_all()

    def rest(self, ms_max: int) -> bool:
        """Wait until nothing is being done; tell whether it came to that."""
        with self._changed:
            return self._changed.wait_for(lambda: self._free == self._threads, ms_max / 1000)

    def _start(self) -> bool:
        if self._started == self._threads:
            return True
        try:
            while self._started < self._threads:
                name = f"{self._name}-{self._started}"
                threading.Thread(target=self._serve, name=name, daemon=True).start()
                self._started += 1
        except RuntimeError:  # the machine has no thread left: the next reservation starts those that lack
            return False
        sys.setswitchinterval(SWITCH_S)
        return True

    def _serve(self) -> None:
        while True:
            work = self._work.get()
            try:
                work()
            except Exception:
                log.exception("work_failed", thread=threading.current_thread().name)
            finally:
                self.free(1)
