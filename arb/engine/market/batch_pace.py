"""How long to pause between two batches: an interval on average, less where there was nothing to do before.

Pure. What one tick brings arrives within a millisecond. The first of it is taken alone, and what comes right
behind would wait out the interval: time in which nothing came buys it a shorter pause. A busy market buys
none, and is taken in batches that cost what they always do.
"""

from typing import Final

QUIET_INTERVALS_MAX: Final = 4  # of quiet that count: so many batches may come early, one behind the other
BATCH_FULL: Final = 16  # pieces that are worth a whole interval, fewer their part of it


class BatchPace:
    """The pauses of one thread."""

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._quiet_ns = QUIET_INTERVALS_MAX * interval_ns  # that was not used yet; nothing came before

    def waited(self, duration_ns: int) -> None:
        """Note how long there was nothing to do."""
        quiet_ns = self._quiet_ns + max(0, duration_ns)
        self._quiet_ns = min(quiet_ns, QUIET_INTERVALS_MAX * self._interval_ns)

    def pause_ns(self, pieces: int) -> int:
        """Return how long to pause after a batch of so many."""
        worth_ns = self._interval_ns * min(pieces, BATCH_FULL) // BATCH_FULL
        pause_ns = max(worth_ns, self._interval_ns - self._quiet_ns)
        self._quiet_ns -= self._interval_ns - pause_ns
        return pause_ns
