"""How long to wait before the next connection. Pure: the random draw comes in."""

from arb.domain.health.backoff import Backoff


class ReconnectPlan:
    """Counts failures in a row: backoff after each, a cooldown after `attempts_max`, and over again."""

    def __init__(self, backoff: Backoff, cooldown_ms: int) -> None:
        self._backoff = backoff
        self._cooldown_ms = cooldown_ms
        self.failures = 0

    def failed_ms(self, draw: float) -> int:
        """Count one failure and return the wait after it."""
        attempt = self.failures % (self._backoff.attempts_max + 1)
        self.failures += 1
        if attempt == self._backoff.attempts_max:
            return self._cooldown_ms
        return self._backoff.delay_ms(attempt, draw)

    def succeeded(self) -> None:
        """Start over."""
        self.failures = 0
