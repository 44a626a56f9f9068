"""Time and randomness: the system's, and ones a test or a replay moves by hand."""

import random
import secrets
import threading
import time
from typing import Final

from arb.domain.time import NS_PER_MS

# Where there is one, the clock that goes on while the machine sleeps.
STEADY: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """The machine's clocks."""

    def now_ns(self) -> int:
        """Return nanoseconds since the Unix epoch."""
        return time.time_ns()

    def steady_ns(self) -> int:
        """Return nanoseconds since some moment; nobody sets this clock."""
        return time.clock_gettime_ns(STEADY)

    def sleep_ms(self, duration_ms: int) -> None:
        """Wait; not at all if the duration is not positive."""
        if duration_ms > 0:
            time.sleep(duration_ms / 1000)


class ManualClock:
    """A clock that moves only when it is told to; sleeping moves it. Safe between threads."""

    def __init__(self, now_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = now_ns
        self._set_back_ns = 0  # in all
        self._lock = threading.Lock()
        self.slept_ms: list[int] = []

    def now_ns(self) -> int:
        """Return the time that the clock was set to, ns."""
        with self._lock:
            return self._now_ns

    def steady_ns(self) -> int:
        """Return the time it would be if it had not been set back."""
        with self._lock:
            return self._now_ns + self._set_back_ns

    def sleep_ms(self, duration_ms: int) -> None:
        """Move ahead at once, and remember the wait."""
        with self._lock:
            self.slept_ms.append(duration_ms)
            self._now_ns += max(0, duration_ms) * NS_PER_MS

    def advance_ms(self, duration_ms: int) -> None:
        """Set the clock ahead by milliseconds."""
        self.advance_ns(duration_ms * NS_PER_MS)

    def advance_ns(self, duration_ns: int) -> None:
        """Set the clock ahead by nanoseconds."""
        with self._lock:
            self._now_ns += duration_ns

    def set_back_ms(self, duration_ms: int) -> None:
        """Set it back, as somebody does to a wall clock; no time passes."""
        with self._lock:
            self._now_ns -= duration_ms * NS_PER_MS
            self._set_back_ns += duration_ms * NS_PER_MS


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
