"""Whether something grows: the slope of a straight line through samples, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

S_PER_HOUR: Final = 3_600
SAMPLES_MIN: Final = 3
SURE: Final = 2.0  # standard errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A slope per hour with its standard error, in the unit of the samples."""

    per_hour: float
    error: float
    first: float
    last: float

    def exceeds(self, limit_per_hour: float) -> bool:
        """Tell whether it surely grows faster than the limit; noise alone does not."""
        return self.per_hour - SURE * self.error > limit_per_hour


def growth(samples: Sequence[tuple[float, float]]) -> Growth | None:
    """Return the growth of (seconds, value) by least squares, or None if the samples are too few."""
    count = len(samples)
    if count < SAMPLES_MIN:
        return None
    mean_x = sum(x for x, _ in samples) / count
    mean_y = sum(y for _, y in samples) / count
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    if spread == 0:
        return None
    slope = sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread
    rest = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in samples)
    error = sqrt(rest / (count - 2) / spread)
    return Growth(
        per_hour=slope * S_PER_HOUR,
        error=error * S_PER_HOUR,
        first=samples[0][1],
        last=samples[-1][1],
    )
