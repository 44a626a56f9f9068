"""Whether a connection still lives, and how long to wait before the next. Pure: times and chance come in.

Silence alone proves nothing (a quiet market sends nothing), so it is probed; a probe without an answer
does. A connection that answers but has brought no quote for `idle_ms_max` is replaced too: its
subscription may be dead, and a fresh one begins with a snapshot. The times are the steady clock's.
"""

from dataclasses import dataclass
from enum import Enum

from arb.domain.health.backoff import Backoff
from arb.domain.time import NS_PER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceLimits:
    """How long what may be missing."""

    silence_ms_max: int  # without any frame, then a probe
    probe_ms_max: int  # without an answer to it
    idle_ms_max: int  # without a quote
    keep_alive_ms: int  # between our own signs of life; venues close what is idle


class Step(Enum):
    """What to do about a connection now."""

    NOTHING = "nothing"
    PROBE = "probe"
    GIVE_UP = "give_up"


class Liveness:
    """The signs of life of one connection."""

    def __init__(self, limits: SilenceLimits, now_ns: int) -> None:
        self._silence_ns_max = limits.silence_ms_max * NS_PER_MS
        self._probe_ns_max = limits.probe_ms_max * NS_PER_MS
        self._idle_ns_max = limits.idle_ms_max * NS_PER_MS
        self._keep_alive_ns = limits.keep_alive_ms * NS_PER_MS
        self._heard_ns = self._progress_ns = self._sent_ns = now_ns
        self._awaiting = False

    def heard(self, now_ns: int) -> None:
        """Note any frame, control frames included."""
        self._heard_ns = now_ns
        self._awaiting = False

    def progressed(self, now_ns: int) -> None:
        """Note that a quote came: the subscription lives."""
        self._progress_ns = now_ns

    def step(self, now_ns: int) -> Step:
        """Return what is due; a returned PROBE counts as sent."""
        if now_ns - self._progress_ns > self._idle_ns_max:
            return Step.GIVE_UP
        if self._awaiting and now_ns - self._sent_ns > self._probe_ns_max:
            return Step.GIVE_UP
        silent = not self._awaiting and now_ns - self._heard_ns > self._silence_ns_max
        if silent or now_ns - self._sent_ns > self._keep_alive_ns:
            self._awaiting = self._awaiting or silent
            self._sent_ns = now_ns
            return Step.PROBE
        return Step.NOTHING


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
        """Reset the count of failures: the connection works."""
        self.failures = 0
