"""`arb.ports.state.MemoryBudget` of one process: what its large work may take on top of what it takes anyway.

One chunk gets an eighth of the budget, so that several may go on at once, and half of that with each degree
of degradation. Who finds the budget taken waits. What the process took besides counts against it, but never
so much that nothing would go on: alone, one chunk always may.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

import psutil

from arb.adapters.local.collector import give_back
from arb.domain.health.degradation import Degree, chunk_items

SHARES: Final = 8
LOOK_S: Final = 0.1  # the process may have given memory back that nobody here reserved
TRIM_BYTES: Final = 1024 * 1024


def own_bytes() -> int:
    """Return how much memory this process has resident."""
    return int(psutil.Process().memory_info().rss)


class ProcessBudget:
    """Safe between threads. `taken` tells the bytes that the process has; what it has now is its base."""

    def __init__(self, limit_bytes: int, taken: Callable[[], int], degree: Callable[[], Degree]) -> None:
        self._limit, self._taken, self._degree = limit_bytes, taken, degree
        self._base = taken()
        self._reserved = 0
        self._changed = threading.Condition()

    @contextmanager
    def items(self, item_bytes: int, at_most: int) -> Iterator[int]:
        """Reserve one chunk; give how many items fit it."""
        count = self._reserve(item_bytes, at_most)
        try:
            yield count
        finally:
            self._give_back(count * item_bytes)

    def _reserve(self, item_bytes: int, at_most: int) -> int:
        with self._changed:
            while True:
                count = chunk_items(self._limit // SHARES, self._degree(), item_bytes, at_most)
                if self._reserved == 0 or count * item_bytes <= self._free():
                    self._reserved += count * item_bytes
                    return count
                self._changed.wait(LOOK_S)

    def _free(self) -> int:
        besides = max(0, self._taken() - self._base - self._reserved)
        return self._limit - self._reserved - besides

    def _give_back(self, size: int) -> None:
        if size >= TRIM_BYTES:
            give_back()
        with self._changed:
            self._reserved -= size
            self._changed.notify_all()


class UnlimitedBudget:
    """The budget where nobody limits what large work takes."""

    def items(self, item_bytes: int, at_most: int) -> AbstractContextManager[int]:
        """Give as many as are wanted."""
        return nullcontext(at_most)
