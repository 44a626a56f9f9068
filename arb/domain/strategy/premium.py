"""What a coin's premium usually is, how it leaves that, and whether it comes back.

Statistics and no money: floats, in basis points, of the middles of both venues' books. Nothing is assumed of
where premiums come back to. The level is the median of the last hours, each value weighted by how long it
stood and by half as much with each half-life, so that what lasts for less than hours does not move it. What
was not looked at for longer than a gap is not known, and is filled in by nothing.

A premium that left its level is worth money only if it stands for more than a look, and comes back. Both are
learnt, of each coin and of all together: what is shuffled does not stand, what drifts or has moved for good
does not come back.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from arb.domain.time import NS_PER_HOUR, NS_PER_S, is_within

LOOK_NS: Final = (
    50 * NS_PER_S
)  # between two looks that are noted: each row of a minute, and no more of live books
GAP_NS: Final = 600 * NS_PER_S
REFRESH_NS: Final = 300 * NS_PER_S  # the level is a matter of hours
DECAYED: Final = 0.5**20  # floats have room for more
FORGOTTEN_S: Final = 0.001
BPS_MAX: Final = 2_000  # a premium beyond that is none
SD_OF_MAD: Final = 1.4826  # of normal noise
SD_LEAST_BPS: Final = 1.0  # the width of a bin
AWAY_SD: Final = 4.0  # from the level: noise goes there once in 16,000 looks
BACK_SD: Final = 1.0
KNOWN_S: Final = 7_200.0
BLOCK_NS: Final = NS_PER_HOUR
BLOCK_LOOKS_MIN: Final = 5
BLOCKS_MIN: Final = 3
BLOCK_MEMORY: Final = 0.03  # of the newest block in the mean of all: about a day of hours
Q90_OF_MEAN: Final = 2.06  # of the absolute value of normal noise
LOOKS_COUNTED: Final = 3  # of an excursion: what stood for so long stands
SCORE_MAX: Final = 6
LOST: Final = -2  # one that did not come back weighs as much as two that did


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRules:
    """How a level is estimated, and what counts as leaving it."""

    half_life_ns: int
    away_bps: float  # from the level, at the least
    return_ns: int  # within which what left has to be back


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiumLevel:
    """What a coin's premium usually is."""

    bps: float
    sd_bps: float  # of the noise around it
    margin_bps: float  # that the level of the next hour is off by, nine times in ten


@dataclass(slots=True)
class Histogram:
    """Weights of values in bins of 1 bps. Those of now are larger by how much the old ones have decayed."""

    weights: dict[int, float] = field(default_factory=dict)
    since_ns: int = 0

    def decay(self, at_ns: int, half_life_ns: int) -> float:
        """Return by how much what came at `since_ns` counts less than what comes now."""
        return float(0.5 ** max(0.0, (at_ns - self.since_ns) / half_life_ns))

    def add(self, bps: float, seconds: float, at_ns: int, half_life_ns: int) -> None:
        """Add a value that stood for some seconds."""
        if at_ns < self.since_ns or not self.weights:
            self.since_ns = at_ns
        decay = self.decay(at_ns, half_life_ns)
        if decay < DECAYED:
            kept = {each: weight * decay for each, weight in self.weights.items()}
            self.weights = {each: weight for each, weight in kept.items() if weight > FORGOTTEN_S}
            self.since_ns, decay = at_ns, 1.0
        at = round(max(-BPS_MAX, min(BPS_MAX, bps)))
        self.weights[at] = self.weights.get(at, 0.0) + seconds / decay

    def seconds(self, at_ns: int, half_life_ns: int) -> float:
        """Return how many seconds of values the histogram holds, older ones counted less."""
        return sum(self.weights.values()) * self.decay(at_ns, half_life_ns)

    def median_and_sd(self) -> tuple[float, float]:
        """Return the middle, and the deviation of normal noise whose values are as far from it."""
        median = _median(sorted(self.weights.items()))
        far: dict[float, float] = {}
        for at, weight in self.weights.items():
            distance = abs(at - median)
            far[distance] = far.get(distance, 0.0) + weight
        return median, max(SD_LEAST_BPS, _median(sorted(far.items())) * SD_OF_MAD)


def _median(ordered: list[tuple[Any, float]]) -> float:
    """Return the value in the middle of the weight, between two bins as far as it lies between them."""
    half, below = sum(weight for _, weight in ordered) / 2, 0.0
    for at, weight in ordered:
        if below + weight >= half:
            return float(at) - 0.5 + (half - below) / weight if weight else float(at)
        below += weight
    return 0.0


@dataclass(slots=True)
class Excursion:
    """A premium that is away from its level."""

    sign: int
    level_bps: float  # as it was when it left
    since_ns: int
    looks: int = 1
    is_over: bool = False  # it came back, or is away for too long: a new one begins near the level


@dataclass(slots=True)
class PremiumMemory:
    """What was seen of one coin's premium."""

    rules: LevelRules
    newest_ns: int = 0
    newest_bps: float = 0.0
    stands: int = 0  # looks at which what had left was still away, less those at which it was not
    returns: int = 0
    histogram: Histogram = field(default_factory=Histogram)
    estimate: PremiumLevel | None = None
    estimated_at_ns: int = 0
    block: list[float] = field(default_factory=list)
    block_ns: int = 0
    block_level: float | None = None
    blocks: int = 0
    error_bps: float = 0.0  # mean, of the level before each hour
    excursion: Excursion | None = None

    def is_due(self, at_ns: int) -> bool:
        """Tell whether a look would be noted: looks that come sooner after the last one are left out."""
        return not is_within(self.newest_ns, at_ns, LOOK_NS)

    def note(self, at_ns: int, bps: float) -> None:
        """Take note of the premium at a moment, if a look is due."""
        if not self.is_due(at_ns):
            return
        passed_ns = at_ns - self.newest_ns
        if 0 < passed_ns <= GAP_NS:
            self.histogram.add(self.newest_bps, passed_ns / NS_PER_S, at_ns, self.rules.half_life_ns)
        else:  # a hole, or a clock that was set back
            self.excursion, self.block, self.block_ns = None, [], 0
        self.newest_ns, self.newest_bps = at_ns, bps
        self._note_block(at_ns, bps)
        if not 0 <= at_ns - self.estimated_at_ns < REFRESH_NS:
            self.estimate, self.estimated_at_ns = self._estimated(at_ns), at_ns
        if self.estimate is not None:
            self._follow(at_ns, bps, self.estimate)

    def level(self, now_ns: int) -> PremiumLevel | None:
        """Return the level, None where it is not known."""
        return self.estimate if is_within(self.newest_ns, now_ns, GAP_NS) else None

    def is_away_for_long(self, sign: int) -> bool:
        """Tell whether the premium is on a side of its level for longer than those that come back are."""
        found = self.excursion
        return found is not None and found.is_over and found.sign == sign

    def _estimated(self, at_ns: int) -> PremiumLevel | None:
        half_life_ns = self.rules.half_life_ns
        if self.blocks < BLOCKS_MIN or self.histogram.seconds(at_ns, half_life_ns) < KNOWN_S:
            return None
        median, sd = self.histogram.median_and_sd()
        return PremiumLevel(bps=median, sd_bps=sd, margin_bps=self.error_bps * Q90_OF_MEAN)

    def _note_block(self, at_ns: int, bps: float) -> None:
        """Compare the level before each hour with the middle of that hour."""
        if self.block_ns and at_ns - self.block_ns >= BLOCK_NS:
            if self.block_level is not None and len(self.block) >= BLOCK_LOOKS_MIN:
                middle = sorted(self.block)[len(self.block) // 2]
                self.blocks += 1
                share = max(BLOCK_MEMORY, 1 / self.blocks)
                self.error_bps += share * (abs(middle - self.block_level) - self.error_bps)
            self.block_ns = 0
        if not self.block_ns:
            has_any = bool(self.histogram.weights)
            self.block_level = self.histogram.median_and_sd()[0] if has_any else None
            self.block, self.block_ns = [], at_ns
        self.block.append(bps)

    def _follow(self, at_ns: int, bps: float, level: PremiumLevel) -> None:
        found, away_bps = self.excursion, bps - level.bps
        trigger = max(self.rules.away_bps, AWAY_SD * level.sd_bps)
        if found is not None and found.is_over and found.sign * away_bps < trigger / 2:
            found = self.excursion = None
        if found is None:
            if abs(away_bps) >= trigger:
                self.excursion = Excursion(1 if away_bps > 0 else -1, level.bps, at_ns)
            return
        if found.is_over:
            return
        distance = found.sign * (bps - found.level_bps)
        if found.looks < LOOKS_COUNTED:
            if distance < trigger / 2:
                self.stands = max(-SCORE_MAX, self.stands - 1)
                self.excursion = None
                return
            found.looks += 1
            self.stands = min(SCORE_MAX, self.stands + 1)
        elif distance <= BACK_SD * level.sd_bps:
            self.returns = min(SCORE_MAX, self.returns + 1)
            self.excursion = None
        elif at_ns - found.since_ns > self.rules.return_ns:
            self.returns = max(-SCORE_MAX, self.returns + LOST)
            found.is_over = True
