"""Coins of a synthetic market, and what each is like: three large and calm ones, then small ones.

Volatility of the large ones is what snapshots of 2026 had, per square root of a minute: BTC 6, ETH and XRP 8.
A small one's price is drawn so that its step at the first venue is 12 basis points at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from arb.backtest.reading.series import Array
from arb.domain.market.ids import Coin
from arb.domain.market.pair import Pair
from arb.venues.registry import FACTS

TICK_BPS_MAX: Final = 12.0
TICK_USUAL: Final = ((Decimal(0), Decimal("0.00000001")),)  # of a venue without one table for all markets
PRICE_USDT_MIN, PRICE_USDT_MAX = 0.01, 300.0
SMALL: Final = (
    "SOL", "ADA", "DOGE", "TRX", "LINK", "AVAX", "DOT", "ATOM", "NEAR", "APT", "SUI", "SEI", "XLM", "HBAR",
    "ALGO", "SAND", "ARB",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """What a coin is like; basis points, and a minute where nothing is said."""

    coin: Coin
    price_usdt: float
    volatility_bps: float  # of its price, per square root of a minute
    noise_bps: float  # of its premium, that takes minutes to go
    slow_bps: float  # the same, hours
    bounce_bps: float  # between one trade and the next
    plants_a_day: float
    plant_bps: float  # the middle one of them
    break_share: float  # of a break's size that it takes part in
    missing: float  # share of minutes in which nothing is traded at the first venue


def _large(coin: str, price_usdt: float, volatility_bps: float, plants_a_day: float) -> Character:
    return Character(
        coin=Coin(coin),
        price_usdt=price_usdt,
        volatility_bps=volatility_bps,
        noise_bps=3.2,
        slow_bps=0.0,
        bounce_bps=3.0,
        plants_a_day=plants_a_day,
        plant_bps=32.0,
        break_share=0.6,
        missing=0.0,
    )


LARGE: Final = (
    _large("BTC", 100_000.0, 6.0, 0.15),
    _large("ETH", 3_000.0, 8.0, 0.3),
    _large("XRP", 2.5, 8.0, 0.4),
)


def characters(count: int, pair: Pair, krw_per_usdt: float, seed: int) -> tuple[Character, ...]:
    """Return the first so many coins."""
    small = [_small(number, pair, krw_per_usdt, seed) for number in range(count - len(LARGE))]
    return (*LARGE, *small)[:count]


def _small(number: int, pair: Pair, krw_per_usdt: float, seed: int) -> Character:
    draw = np.random.default_rng([seed, 1, number])
    while True:
        price_usdt = float(np.exp(draw.uniform(np.log(PRICE_USDT_MIN), np.log(PRICE_USDT_MAX))))
        price = price_usdt * krw_per_usdt
        if float(ticks(bands_of(pair), np.array([price]))[0]) / price * 10_000 <= TICK_BPS_MAX:
            break
    return Character(
        coin=Coin(SMALL[number] if number < len(SMALL) else f"S{number + 1:03}"),
        price_usdt=price_usdt,
        volatility_bps=float(draw.uniform(10, 16)),
        noise_bps=float(draw.uniform(4, 7)),
        slow_bps=float(draw.uniform(2, 5)),
        bounce_bps=float(draw.uniform(3, 5)),
        plants_a_day=float(draw.uniform(0.5, 3)),
        plant_bps=float(draw.uniform(50, 90)),
        break_share=float(draw.uniform(0.8, 1.3)),
        missing=float(draw.uniform(0, 0.01)),
    )


def bands_of(pair: Pair) -> Sequence[tuple[Decimal, Decimal]]:
    """Return the price steps of the first venue."""
    return FACTS[pair.first].price_bands or TICK_USUAL


def ticks(bands: Sequence[tuple[Decimal, Decimal]], prices: Array) -> Array:
    """Return the price step at each price."""
    ascending = sorted(bands)
    lowers, steps = ([float(part) for part in side] for side in zip(*ascending, strict=True))
    return np.array(steps)[np.maximum(0, np.searchsorted(lowers, prices, side="right") - 1)]
