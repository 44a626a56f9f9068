"""How long to wait before the next attempt. Pure: the random draw comes in."""

from dataclasses import dataclass
from typing import Final

from arb.domain.time import NS_PER_MS

EVEN_DRAW: Final = 0.5  # of no spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Exponential waits between `first_ms` and `max_ms`, each spread by ± `jitter` (a fraction)."""

    first_ms: int
    max_ms: int
    factor: float = 2.0
    jitter: float = 0.1
    attempts_max: int = 10

    def delay_ms(self, attempt: int, draw: float) -> int:
        """Return the wait before retry number `attempt` (from 0); `draw` is uniform in [0, 1)."""
        base = min(self.first_ms * self.factor ** min(attempt, 62), self.max_ms)
        return max(1, round(base * (1 + self.jitter * (2 * draw - 1))))

    def even_ns(self, attempt: int) -> int:
        """Return the same wait in nanoseconds, not spread: for who has nobody to be out of step with."""
        return self.delay_ms(attempt, EVEN_DRAW) * NS_PER_MS


SOCKET_BACKOFF = Backoff(first_ms=1_000, max_ms=60_000, attempts_max=10)
SOCKET_COOLDOWN_MS = 60_000  # after `attempts_max` failures in a row
ORDER_BACKOFF = Backoff(first_ms=50, max_ms=1_000, attempts_max=8)
RESOLVE_BACKOFF = Backoff(first_ms=100, max_ms=5_000, attempts_max=6)  # 6 s in all, then it is a sweep's
