"""Premiums that are put into a synthetic market: when each begins, how large it is, how long it lives.

One rises within minutes and then halves again and again. Coins have their own now and then; on a day on which
everything breaks at once all of them have one, in waves, in the same direction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from arb.backtest.reading.series import Array
from arb.backtest.synth.coins import Character

DAY: Final = 1_440  # minutes
LIVES: Final = 5  # half-lives after which it counts as over: a thirty-second of it is left
SIZE_BPS_MIN, SIZE_BPS_MAX = 20.0, 400.0
HALF_LIFE_MIN, HALF_LIFE_MAX = 5.0, 45.0
RISE_MAX: Final = 3  # minutes
DAYS_BETWEEN_BREAKS: Final = 20
BREAK_BPS: Final = 120.0
WAVES: Final = (3, 6)
APART: Final = 3  # minutes between any two that were shuffled, at the least
OWN, BREAK = "own", "break"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One premium, in minutes from the beginning of the series."""

    coin: str
    kind: str
    begins: int
    rise: int  # minutes until it is at its size
    size_bps: float  # above 0: the first venue is dear
    half_life: float

    @property
    def peak(self) -> int:
        """Return the minute at which the planted premium is largest."""
        return self.begins + self.rise - 1

    @property
    def ends(self) -> int:
        """Return the first minute after the planted premium."""
        return self.peak + 1 + int(np.ceil(LIVES * self.half_life))

    def path(self) -> Array:
        """Return it minute by minute, from its beginning to its end."""
        rising = np.arange(1, self.rise) / self.rise
        falling = 0.5 ** (np.arange(self.ends - self.peak) / self.half_life)
        return self.size_bps * np.concatenate((rising, falling))


@dataclass(frozen=True, slots=True)
class Wave:
    """A minute in which a break begins, and what it does to a coin that takes all of it."""

    at: int
    size_bps: float
    half_life: float


def waves(minutes: int, seed: int) -> list[Wave]:
    """Return the waves of all breaks: one in three weeks, and at least one where there are three days."""
    draw = np.random.default_rng([seed, 2])
    days = minutes / DAY
    count = max(int(days >= 3), int(draw.poisson(days / DAYS_BETWEEN_BREAKS)))
    found = []
    for at in sorted(draw.uniform(0, max(1, minutes - DAY / 2), count)):
        sign = draw.choice([-1.0, 1.0])
        begins = float(at)
        for _ in range(int(draw.integers(*WAVES, endpoint=True))):
            size_bps = sign * _lognormal(draw, BREAK_BPS, 0.4)
            found.append(Wave(int(begins), size_bps, float(draw.uniform(10, 60))))
            begins += float(draw.uniform(60, 240))
    return [wave for wave in found if wave.at < minutes]


def plants_of(who: Character, number: int, minutes: int, breaks: Sequence[Wave], seed: int) -> list[Plant]:
    """Return a coin's plants in order; none begins before the one before it is over."""
    draw = np.random.default_rng([seed, 3, number])
    wanted = [*_own(draw, who, minutes), *_of_breaks(draw, who, breaks)]
    kept: list[Plant] = []
    for plant in sorted(wanted, key=lambda each: (each.kind != BREAK, each.begins)):
        if plant.ends <= minutes and not any(
            plant.begins < other.ends and other.begins < plant.ends for other in kept
        ):
            kept.append(plant)
    return sorted(kept, key=lambda each: each.begins)


def _own(draw: Any, who: Character, minutes: int) -> Iterator[Plant]:
    for at in sorted(draw.uniform(0, minutes, int(draw.poisson(who.plants_a_day * minutes / DAY)))):
        half_life = float(np.exp(draw.uniform(np.log(HALF_LIFE_MIN), np.log(HALF_LIFE_MAX))))
        yield Plant(
            coin=who.coin,
            kind=OWN,
            begins=int(at),
            rise=int(draw.integers(1, RISE_MAX, endpoint=True)),
            size_bps=float(draw.choice([-1.0, 1.0])) * _lognormal(draw, who.plant_bps, 0.5),
            half_life=half_life,
        )


def _of_breaks(draw: Any, who: Character, breaks: Sequence[Wave]) -> Iterator[Plant]:
    for wave in breaks:
        delay, rise = int(draw.integers(0, 3, endpoint=True)), int(draw.integers(1, RISE_MAX, endpoint=True))
        size_bps = wave.size_bps * who.break_share * float(draw.uniform(0.7, 1.2))
        yield Plant(
            coin=who.coin,
            kind=BREAK,
            begins=wave.at + delay,
            rise=rise,
            size_bps=float(np.clip(size_bps, -SIZE_BPS_MAX, SIZE_BPS_MAX)),
            half_life=wave.half_life,
        )


def _lognormal(draw: Any, middle: float, spread: float) -> float:
    return float(np.clip(middle * np.exp(spread * draw.standard_normal()), SIZE_BPS_MIN, SIZE_BPS_MAX))


def planted(plants: Sequence[Plant], minutes: int) -> Array:
    """Return what was planted of one coin in each minute, in basis points."""
    path: Array = np.zeros(minutes)
    for plant in plants:
        path[plant.begins : plant.ends] += plant.path()
    return path


def shuffled(path: Array, number: int, seed: int) -> Array:
    """Return the same minutes in another order: no two that had something planted are near each other.

    What was planted is still there, as large and as often, and lasts for a minute each time.
    """
    draw = np.random.default_rng([seed, 4, number])
    values = draw.permutation(path[path != 0])[: len(path) // APART]
    places = len(path) - max(0, len(values) - 1) * (APART - 1)
    found: Array = np.zeros(len(path))
    at = np.sort(draw.choice(places, len(values), replace=False)) + np.arange(len(values)) * (APART - 1)
    found[at] = values
    return found
