"""A synthetic market of minutes: prices on both venues, the rate between, and premiums planted in them.

What is drawn follows snapshots of 2026 with KRW-USDT. The net premium of a large coin has a standard
deviation of 7 to 8 basis points, of which the rate's own bid and ask make 3. The rate moves by 1.5 per square
root of a minute, in whole KRW, and comes back within days. Coins share more than half of the noise, for it is
the rate that is late; most of the rest is gone within minutes. What nobody recorded is assumed: small coins
are noisier and have most plants. While everything breaks, prices move four times as fast, the rate three
times, and noise is twice as large.
"""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import numpy as np

from arb.backtest.reading.series import Array
from arb.backtest.synth.coins import Character, bands_of, characters, ticks
from arb.backtest.synth.plants import DAY, Plant, Wave, planted, plants_of, shuffled, waves
from arb.domain.errors import ConfigError
from arb.domain.market.pair import Pair

BEGINS_S: Final = 1_767_225_600  # 2026-01-01, UTC
KRW_PER_USDT: Final = 1_450.0
RATE_BPS, RATE_HALF_LIFE = 1.5, 104 * 60.0  # per square root of a minute; minutes
SHARED_BPS, SHARED_HALF_LIFE = 3.2, 5.0
SHARED_SLOW_BPS, SLOW_HALF_LIFE = 3.3, 180.0
OUTAGES_A_DAY, OUTAGE = 1 / 15, (20, 120)  # of the first venue, minutes
BREAK_LASTS: Final = 240  # minutes after each wave
PRICE_STRESS, RATE_STRESS, NOISE_STRESS = 4.0, 3.0, 2.0
BPS: Final = 10_000.0
TAILS: Final = 5  # degrees of freedom of what bounces: 4 standard deviations happen


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSpec:
    """What a market is to be like; shuffled, it differs in the minutes of its plants only."""

    coins: int
    days: int
    seed: int
    is_shuffled: bool = False

    @property
    def minutes(self) -> int:
        """Return the number of rows, one a minute."""
        return self.days * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticMarket:
    """Columns by name, and what was planted in them."""

    wanted: MarketSpec
    columns: dict[str, Array]
    plants: tuple[Plant, ...]


def synthetic_market(wanted: MarketSpec, pair: Pair) -> SyntheticMarket:
    """Return the market of a seed. Raises: ConfigError for venues that quote in one currency."""
    if pair.rate_key is None:
        raise ConfigError(
            f"pair: {pair.first} and {pair.second} quote in one currency; no backtest knows that"
        )
    minutes, seed = wanted.minutes, wanted.seed
    breaks = waves(minutes, seed)
    broken = _broken(minutes, breaks)
    shared = _Shared(minutes, broken, seed)
    columns: dict[str, Array] = {"ts_s": BEGINS_S + 60 * np.arange(minutes, dtype=np.int64)}
    plants: list[Plant] = []
    for number, who in enumerate(characters(wanted.coins, pair, KRW_PER_USDT, seed)):
        own = plants_of(who, number, minutes, breaks, seed)
        path = planted(own, minutes)
        if wanted.is_shuffled:
            path = shuffled(path, number, seed)
        first, second = _prices(who, number, path, shared, pair, seed)
        first[shared.away] = np.nan
        columns[_column(pair.first, who.coin)] = first
        columns[_column(pair.second, who.coin)] = second
        plants += own
    rate = shared.traded.copy()
    rate[shared.away] = np.nan
    columns[_column(pair.first, pair.second.quote)] = rate
    return SyntheticMarket(wanted=wanted, columns=columns, plants=tuple(plants))


def _column(venue: Any, coin: str) -> str:
    return f"{venue.value}_{coin.lower()}_{venue.quote.lower()}"


def _broken(minutes: int, breaks: list[Wave]) -> Array:
    broken: Array = np.zeros(minutes, dtype=bool)
    for wave in breaks:
        broken[wave.at : wave.at + BREAK_LASTS] = True
    return broken


class _Shared:
    """What all coins have in common: the rate, how late it is, and when the first venue was away."""

    def __init__(self, minutes: int, broken: Array, seed: int) -> None:
        draw = np.random.default_rng([seed, 5])
        self.broken = broken
        self.noise_scale = np.where(broken, NOISE_STRESS, 1.0)
        keep = 0.5 ** (1 / RATE_HALF_LIFE)
        moves = RATE_BPS / BPS * np.where(broken, RATE_STRESS, 1.0) * draw.standard_normal(minutes)
        self.worth = KRW_PER_USDT * np.exp(_kept(moves, keep))
        # Somebody paid the ask or took the bid, each a whole KRW: what is paid is right in the middle.
        self.traded = np.floor(self.worth + draw.uniform(0, 1, minutes))
        fast = _reverting(draw, minutes, SHARED_BPS, SHARED_HALF_LIFE) * self.noise_scale
        self.premium_bps = fast + _reverting(draw, minutes, SHARED_SLOW_BPS, SLOW_HALF_LIFE)
        self.away: Array = np.zeros(minutes, dtype=bool)
        for at in draw.uniform(0, minutes, int(draw.poisson(OUTAGES_A_DAY * minutes / DAY))):
            self.away[int(at) : int(at) + int(draw.integers(*OUTAGE))] = True


def _prices(
    who: Character, number: int, path: Array, shared: _Shared, pair: Pair, seed: int
) -> tuple[Array, Array]:
    """Return a coin's prices on both venues, in their own steps."""
    draw, minutes = np.random.default_rng([seed, 6, number]), len(path)
    moves = draw.standard_normal(minutes) * np.where(shared.broken, PRICE_STRESS, 1.0)
    second = who.price_usdt * np.exp(np.cumsum(moves * who.volatility_bps / BPS))
    noise = _reverting(draw, minutes, who.noise_bps, SHARED_HALF_LIFE) * shared.noise_scale
    noise += _reverting(draw, minutes, who.slow_bps, SLOW_HALF_LIFE)
    bounce = draw.standard_t(TAILS, minutes) * np.sqrt((TAILS - 2) / TAILS) * who.bounce_bps
    noise += bounce * shared.noise_scale
    premium_bps = path + noise + shared.premium_bps
    first = second * shared.worth * (1 + premium_bps / BPS)
    step = ticks(bands_of(pair), first)
    first = np.round(first / step) * step
    first[draw.uniform(0, 1, minutes) < who.missing] = np.nan
    return _shortened(first), _shortened(second)


def _reverting(draw: Any, length: int, stdev: float, half_life: float) -> Array:
    """Return noise of a standard deviation that halves within so many minutes."""
    keep = 0.5 ** (1 / half_life)
    steps = draw.standard_normal(length) * stdev * np.sqrt(1 - keep * keep)
    if length:
        steps[0] = draw.standard_normal() * stdev
    return _kept(steps, keep)


def _kept(steps: Array, keep: float) -> Array:
    return np.array(list(accumulate(steps.tolist(), lambda level, step: keep * level + step)))


def _shortened(prices: Array) -> Array:
    """Return prices of six digits, as venues show them; more would be digits of nothing."""
    digits = 10.0 ** (5 - np.floor(np.log10(prices)))
    return np.where(prices >= 100_000, np.round(prices), np.round(prices * digits) / digits)
