"""When to stop asking a broker, when to ask it again, and when a queue is long enough, as tables.

Pure: time and the random draw come in. Everything that changes a breaker's state is in this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class BreakerState(StrEnum):
    """Whether a broker is asked (closed), left alone (open) or tried (half open)."""

    CLOSED = "closed"  # it is
    OPEN = "open"  # it is not, until the cooldown is over
    HALF_OPEN = "half_open"  # one canary is on its way, everything else goes elsewhere


class BreakerEvent(StrEnum):
    """What became of a publish."""

    SUCCEED = "succeed"
    FAIL = "fail"  # it answered with an error
    TRIP = "trip"  # it cannot be reached, or it failed too often in a row
    PROBE = "probe"  # the cooldown is over


# A publish that was under way when the breaker opened may still end either way: that is no news.
TRANSITIONS: Final[Mapping[BreakerState, Mapping[BreakerEvent, BreakerState]]] = MappingProxyType(
    {
        BreakerState.CLOSED: {
            BreakerEvent.SUCCEED: BreakerState.CLOSED,
            BreakerEvent.FAIL: BreakerState.CLOSED,
            BreakerEvent.TRIP: BreakerState.OPEN,
        },
        BreakerState.OPEN: {
            BreakerEvent.SUCCEED: BreakerState.OPEN,
            BreakerEvent.FAIL: BreakerState.OPEN,
            BreakerEvent.TRIP: BreakerState.OPEN,
            BreakerEvent.PROBE: BreakerState.HALF_OPEN,
        },
        BreakerState.HALF_OPEN: {
            BreakerEvent.SUCCEED: BreakerState.CLOSED,
            BreakerEvent.FAIL: BreakerState.OPEN,
            BreakerEvent.TRIP: BreakerState.OPEN,
            BreakerEvent.PROBE: BreakerState.HALF_OPEN,  # nobody heard of the last canary again
        },
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRules:
    """How much is borne, and how long is waited."""

    failures_max: int = 10  # in a row
    cooldown_ms: int = 1_000
    jitter: float = 0.1

    def cooldown_ns(self, draw: float) -> int:
        """Return one cooldown; `draw` is uniform in [0, 1)."""
        return round(self.cooldown_ms * 1_000_000 * (1 + self.jitter * (2 * draw - 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """What is known of one broker."""

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0  # in a row
    until_ns: int = 0  # the end of the cooldown, or of the wait for a canary


def probe(breaker: Breaker, now_ns: int, draw: float, rules: BreakerRules) -> Breaker:
    """Return the breaker after somebody asked whether to send a canary: if it changed, they send it."""
    state = TRANSITIONS[breaker.state].get(BreakerEvent.PROBE)
    if state is None or now_ns < breaker.until_ns:
        return breaker
    return replace(breaker, state=state, until_ns=now_ns + rules.cooldown_ns(draw))


def observe(breaker: Breaker, event: BreakerEvent, now_ns: int, draw: float, rules: BreakerRules) -> Breaker:
    """Return the breaker after a publish ended. Raises: KeyError for an event that is not an end."""
    failures = 0 if event is BreakerEvent.SUCCEED else breaker.failures + 1
    if event is BreakerEvent.FAIL and failures >= rules.failures_max:
        event = BreakerEvent.TRIP
    state = TRANSITIONS[breaker.state][event]
    if breaker.state is BreakerState.OPEN:
        return breaker
    if state is BreakerState.OPEN:
        return Breaker(state=state, failures=failures, until_ns=now_ns + rules.cooldown_ns(draw))
    return Breaker(state=state, failures=failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """From where on a level is too high, and how low it has to fall to be well again."""

    high: float
    low: float

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high:
            raise ValueError(f"a watermark needs 0 <= low < high, not {self.low} and {self.high}")

    def above(self, was_above: bool, level: float) -> bool:
        """Tell whether the queue is above its mark now."""
        return level >= self.high or (was_above and level > self.low)
