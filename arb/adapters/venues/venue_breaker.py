"""One venue's breaker: while nothing gets through to it, calls are refused here instead of waiting for it.

A thread that waits for a venue that hangs serves nobody. After ten failures in a row nothing is sent for a
moment, then one request tries; whoever is refused meanwhile is told when to come again. Safe between threads.
"""

import threading
from typing import Final

import structlog

from arb.domain.errors import Retryable
from arb.domain.health.breaker import Breaker, BreakerEvent, BreakerRules, BreakerState, observe, probe
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.ports.market import Clock, Entropy

RULES: Final = BreakerRules(failures_max=10, cooldown_ms=1_000)
log = structlog.get_logger("arb.venues")


class VenueBreaker:
    """Counts failures to reach one venue, in one process."""

    def __init__(self, venue: Venue, clock: Clock, entropy: Entropy, rules: BreakerRules = RULES) -> None:
        self._venue, self._clock, self._entropy, self._rules = venue, clock, entropy, rules
        self._lock = threading.Lock()
        self._breaker = Breaker()

    def enter(self) -> None:
        """Let a request through, or the one that tries. Raises: Retryable; nothing is sent then."""
        if self._breaker.state is BreakerState.CLOSED:
            return
        with self._lock:
            before, now_ns = self._breaker, self._clock.steady_ns()
            if before.state is BreakerState.CLOSED:
                return
            self._breaker = probe(before, now_ns, self._entropy.draw(), self._rules)
            if self._breaker is not before:
                return
            left_ms = max(1, -(-(before.until_ns - now_ns) // NS_PER_MS))
        raise Retryable(self._venue, "not sent: nothing gets through to it at present", left_ms)

    def succeeded(self) -> None:
        """The venue answered, whatever it said."""
        if self._breaker != Breaker():
            self._observe(BreakerEvent.SUCCEED)

    def failed(self) -> None:
        """No answer came, or no connection."""
        self._observe(BreakerEvent.FAIL)

    def _observe(self, event: BreakerEvent) -> None:
        with self._lock:
            before = self._breaker
            self._breaker = observe(before, event, self._clock.steady_ns(), self._entropy.draw(), self._rules)
            after = self._breaker
        if after.state is not before.state:
            log.warning("venue_breaker_changed", venue=self._venue, before=before.state, after=after.state)
