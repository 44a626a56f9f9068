"""Counts kept in memory until the next report, so that a flood of bad frames costs no round trips."""

import threading

from arb.ports.messaging import Counters


class BufferedCounters:
    """Counts by name and reason; safe between threads."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def count(self, name: str, reason: str, amount: int = 1) -> None:
        """Add to a count of this reason, kept until the next report."""
        with self._lock:
            self._counts[name, reason] = self._counts.get((name, reason), 0) + amount

    def take(self) -> dict[tuple[str, str], int]:
        """Return what was counted since the last time, by name and reason."""
        with self._lock:
            counts, self._counts = self._counts, {}
        return counts

    def report(self, counters: Counters) -> None:
        """Hand over what was counted since the last time."""
        for (name, reason), amount in self.take().items():
            counters.count(name, reason, amount)
