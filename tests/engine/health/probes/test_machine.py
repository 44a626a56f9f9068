"""What the machine shows, and how far the venues' clocks are off."""

from decimal import Decimal

from arb.adapters.local.clock import ManualClock
from arb.domain.health.judge import Level, Rule
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.engine.health.probes.machine import ClockOffset
from tests.engine.health.test_watch import Post

STEP_MS = 60_000


class Rushing:
    """A venue whose clock is right."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.asked = clock, 0

    def time_offset_ms(self) -> int:
        self.asked += 1
        return (self.clock.steady_ns() - self.clock.now_ns()) // NS_PER_MS


def test_a_wrong_clock_is_an_error_within_a_sample_and_critical_within_a_minute_and_a_half():
    """What docs/operations.md promises; CRITICAL halts the session."""
    post = Post()
    rule = Rule(name="clock_offset_ms", warn=Decimal(500), limit=Decimal(1_000))
    probe = ClockOffset({Venue.BINANCE: Rushing(post.clock)}, 10 * NS_PER_S)
    object.__setattr__(post.watch, "probes", (probe,))
    object.__setattr__(post.watch, "redis_probes", ())
    object.__setattr__(post.watch, "rules", {"clock_offset_ms": rule})
    assert post.sweep(10).level is Level.OK
    post.clock.set_back_ms(STEP_MS)
    assert post.sweep(1).level is Level.ERROR
    assert post.sweep(13).level is Level.CRITICAL
