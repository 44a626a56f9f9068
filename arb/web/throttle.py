"""How often a wrong password may be tried."""

from collections import deque
from typing import Final

from arb.ports.market import Clock

WINDOW_NS: Final = 60 * 1_000_000_000
FAILURES_PER_ADDRESS_MAX: Final = 5
FAILURES_MAX: Final = 30


class Throttle:
    """Remembers the failures of the last minute; cost is bounded by their limit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: deque[tuple[int, str]] = deque(maxlen=FAILURES_MAX)

    def wait_s(self, address: str) -> int:
        """Return how many seconds this address has to wait, 0 if it may try now."""
        now_ns = self._clock.steady_ns()
        while self._failures and now_ns - self._failures[0][0] >= WINDOW_NS:
            self._failures.popleft()
        own = [at_ns for at_ns, of in self._failures if of == address]
        if len(self._failures) >= FAILURES_MAX:
            return _left_s(self._failures[0][0], now_ns)
        return _left_s(own[0], now_ns) if len(own) >= FAILURES_PER_ADDRESS_MAX else 0

    def failed(self, address: str) -> None:
        """Count a wrong password of an address."""
        self._failures.append((self._clock.steady_ns(), address))


def _left_s(since_ns: int, now_ns: int) -> int:
    return max(1, -(-(since_ns + WINDOW_NS - now_ns) // 1_000_000_000))
