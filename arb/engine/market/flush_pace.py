"""How long a feed pauses between two flushes: an interval on average, less where it had nothing to do before.

Pure. The books of one tick arrive within a millisecond. The first of them is handed on alone, and those that
come right behind it would wait out the interval: time in which nothing changed buys them a shorter pause. A
busy market buys none, and is handed on in batches that cost what they always do.
"""

from typing import Final

QUIET_INTERVALS_MAX: Final = 4  # of quiet that count: so many flushes may come early, one behind the other
BOOKS_MANY: Final = 16  # a flush of so many is worth a whole interval, of fewer their part of it


class FlushPace:
    """The pauses of one flusher."""

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._quiet_ns = QUIET_INTERVALS_MAX * interval_ns  # that was not used yet; nothing came before

    def waited(self, duration_ns: int) -> None:
        """Note how long there was nothing to flush."""
        quiet_ns = self._quiet_ns + max(0, duration_ns)
        self._quiet_ns = min(quiet_ns, QUIET_INTERVALS_MAX * self._interval_ns)

    def pause_ns(self, books: int) -> int:
        """Return how long to pause after a flush of so many books."""
        worth_ns = self._interval_ns * min(books, BOOKS_MANY) // BOOKS_MANY
        pause_ns = max(worth_ns, self._interval_ns - self._quiet_ns)
        self._quiet_ns -= self._interval_ns - pause_ns
        return pause_ns
