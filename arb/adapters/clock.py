"""Time and randomness: the system's, and ones a test or a replay moves by hand."""

import random
import secrets
import threading
import time
from typing import Final

NS_PER_MS: Final = 1_000_000


class SystemClock:
    """The machine's wall clock."""

    def now_ns(self) -> int:
        """Return nanoseconds since the Unix epoch."""
        return time.time_ns()

    def sleep_ms(self, duration_ms: int) -> None:
        """Wait; not at all if the duration is not positive."""
        if duration_ms > 0:
            time.sleep(duration_ms / 1000)


class ManualClock:
    """A clock that moves only when it is told to; sleeping moves it. Safe between threads."""

    def __init__(self, now_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self.slept_ms: list[int] = []

    def now_ns(self) -> int:
        """Return the time it was moved to."""
        with self._lock:
            return self._now_ns

    def sleep_ms(self, duration_ms: int) -> None:
        """Move ahead at once, and remember the wait."""
        with self._lock:
            self.slept_ms.append(duration_ms)
            self._now_ns += max(0, duration_ms) * NS_PER_MS

    def advance_ms(self, duration_ms: int) -> None:
        """Move ahead."""
        with self._lock:
            self._now_ns += duration_ms * NS_PER_MS


class SystemEntropy:
    """The machine's randomness; safe after a fork, since nothing is kept."""

    def bits(self, count: int) -> int:
        """Return `count` random bits."""
        return secrets.randbits(count)

    def draw(self) -> float:
        """Return a uniform number in [0, 1)."""
        return secrets.randbits(53) / (1 << 53)


class SeededEntropy:
    """Randomness that a seed replays."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def bits(self, count: int) -> int:
        """Return `count` random bits."""
        return self._random.getrandbits(count)

    def draw(self) -> float:
        """Return a uniform number in [0, 1)."""
        return self._random.random()
