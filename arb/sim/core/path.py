"""The hidden fair prices: a seeded random path, one state per step, the same in every process.

Each step draws a fixed number of Gaussians from one generator: one for KRW per USDT, then two per
coin (fair price, premium), in the order of the configuration. All three are mean-reverting
(Ornstein-Uhlenbeck, exact discretisation): prices slowly, so that a long run stays plausible.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from random import Random
from typing import Final, Protocol

from arb.domain.market.ids import Venue
from arb.sim.core.config import SimConfig

PRICE_HALF_LIFE_S: Final = 6 * 3600.0
KRW_HALF_LIFE_S: Final = 600.0
KRW_STDEV_BPS: Final = 20.0
BPS: Final = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FairState:
    """Fair values at one step, in the configured order of coins. Floats: they are quantised in books."""

    usdt_krw: float
    price_usdt: tuple[float, ...]
    premium: tuple[float, ...]  # fraction: KRW over USDT


class FairPath(Protocol):
    """Fair values by step; steps are asked for in rising order."""

    def at(self, step: int) -> FairState: ...


@dataclass(slots=True, kw_only=True)
class Reverting:
    """One mean-reverting value around zero, in basis points."""

    keep: float  # share of the deviation that survives one step
    kick: float  # standard deviation of one step
    value: float = 0.0

    def draw(self, rng: Random) -> float:
        self.value = self.keep * self.value + self.kick * rng.gauss(0.0, 1.0)
        return self.value


def _reverting(half_life_s: float, stdev_bps: float, step_s: float) -> Reverting:
    """Return a process with the given stationary deviation."""
    keep = exp(-log(2.0) * step_s / half_life_s)
    return Reverting(keep=keep, kick=stdev_bps * sqrt(1.0 - keep * keep))


def _wandering(volatility_bps: float, step_s: float) -> Reverting:
    """Return a process that moves by `volatility_bps` per square root of a second."""
    keep = exp(-log(2.0) * step_s / PRICE_HALF_LIFE_S)
    return Reverting(keep=keep, kick=volatility_bps * sqrt(step_s))


class OwnPremium:
    """What one venue's prices are above those of the others, a fraction for each coin, by step."""

    def __init__(self, config: SimConfig, venue: Venue) -> None:
        premium, step_s = config.premium, config.step_ms / 1000
        self._rng = Random(f"{config.seed}:{venue}:premium")
        half_life_s, stdev_bps = float(premium.half_life_s), float(premium.stdev_bps)
        self._premiums = tuple(_reverting(half_life_s, stdev_bps, step_s) for _ in config.coin_table())
        self._step, self._drawn = -1, tuple(0.0 for _ in self._premiums)

    def at(self, step: int) -> tuple[float, ...]:
        """Return the premiums at `step`, which must not be before the last one asked for."""
        while self._step < step:
            self._step += 1
            self._drawn = tuple(each.draw(self._rng) / BPS for each in self._premiums)
        return self._drawn


class SeededPath:
    """The random path of `config.seed`. Every step is drawn in order, none is skipped."""

    def __init__(self, config: SimConfig) -> None:
        step_s = config.step_ms / 1000
        premium = config.premium
        self._rng = Random(config.seed)
        self._usdt_krw = float(config.usdt_krw)
        self._mean_bps = float(premium.mean_bps)
        self._krw = _reverting(KRW_HALF_LIFE_S, KRW_STDEV_BPS, step_s)
        self._prices = tuple(float(coin.price_usdt) for coin in config.coin_table())
        self._moves = tuple(_wandering(float(c.volatility_bps), step_s) for c in config.coin_table())
        half_life_s, stdev_bps = float(premium.half_life_s), float(premium.stdev_bps)
        self._premiums = tuple(_reverting(half_life_s, stdev_bps, step_s) for _ in self._prices)
        self._step = -1
        self._state = self._draw()

    def at(self, step: int) -> FairState:
        """Return the state at `step`, which must not be before the last one asked for."""
        if step < self._step:
            raise ValueError(f"step {step} is behind {self._step}: a path only runs forward")
        while self._step < step:
            self._state = self._draw()
        return self._state

    def _draw(self) -> FairState:
        self._step += 1
        rng = self._rng
        krw_bps = self._krw.draw(rng)
        drawn = [
            (move.draw(rng), premium.draw(rng))
            for move, premium in zip(self._moves, self._premiums, strict=True)
        ]
        return FairState(
            usdt_krw=self._usdt_krw * (1.0 + krw_bps / BPS),
            price_usdt=tuple(
                price * exp(move_bps / BPS) for price, (move_bps, _) in zip(self._prices, drawn, strict=True)
            ),
            premium=tuple((self._mean_bps + premium_bps) / BPS for _, premium_bps in drawn),
        )
