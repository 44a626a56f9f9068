"""Whether something grows: the median slope between any two samples (Theil-Sen), and how sure it is.

A single step or a burst of a few samples moves a straight line through all of them, and hardly moves the
median. The interval is the one of Sen (1968): the slopes at the ranks that Kendall's statistic leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, sqrt
from statistics import median
from typing import Final

S_PER_HOUR: Final = 3_600
SAMPLES_MIN: Final = 3
POINTS_MAX: Final = 400  # of longer runs, the medians of as many stretches
SURE: Final = 1.96  # of standard deviations: 95 %

Sample = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A slope per hour in the unit of the samples, and between what it lies with 95 %."""

    per_hour: float
    low: float
    high: float
    first: float
    last: float

    def exceeds(self, limit_per_hour: float) -> bool:
        """Tell whether the figure grows faster than a limit, beyond doubt."""
        return self.per_hour > limit_per_hour

    def surely_exceeds(self, limit_per_hour: float) -> bool:
        """Tell whether it grows faster than the limit, and noise does not explain it."""
        return self.low > limit_per_hour


def growth(samples: Sequence[Sample]) -> Growth | None:
    """Return the growth of (seconds, value), or None if the samples are too few."""
    points = _thinned(samples)
    slopes = sorted(
        (later[1] - sooner[1]) / (later[0] - sooner[0]) * S_PER_HOUR
        for sooner, later in combinations(points, 2)
        if later[0] > sooner[0]
    )
    if len(points) < SAMPLES_MIN or not slopes:
        return None
    low, high = _interval(len(points), len(slopes))
    return Growth(
        per_hour=median(slopes), low=slopes[low], high=slopes[high], first=samples[0][1], last=samples[-1][1]
    )


def _thinned(samples: Sequence[Sample]) -> Sequence[Sample]:
    if len(samples) <= POINTS_MAX:
        return samples
    size = ceil(len(samples) / POINTS_MAX)
    stretches = (samples[start : start + size] for start in range(0, len(samples), size))
    return [(median(x for x, _ in each), median(y for _, y in each)) for each in stretches]


def _interval(points: int, slopes: int) -> tuple[int, int]:
    """Return the places of the interval's ends among the sorted slopes."""
    spread = SURE * sqrt(points * (points - 1) * (2 * points + 5) / 18)
    low = int(max((slopes - spread) / 2, 0))
    return low, slopes - 1 - low
