"""What the watchdog measures, one file for each kind of source. A probe that cannot measure raises."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from arb.domain.health.judge import Reading
from arb.domain.time import NS_PER_MS


class Probe(Protocol):
    """One source of measurements."""

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return what is measured now. Raises: StoreUnavailable, VenueError where it cannot be."""


def age_ms(since_ns: int, now_ns: int) -> Decimal:
    """Return the age of something in milliseconds."""
    return Decimal(max(0, now_ns - since_ns) // NS_PER_MS)


def silence_ms(sign_ns: int, now_ns: int) -> Decimal:
    """Return how far a sign of life is from now in milliseconds: ahead of it, a clock was set back since."""
    return Decimal(abs(now_ns - sign_ns) // NS_PER_MS)
