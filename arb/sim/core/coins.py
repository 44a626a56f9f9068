"""Default coins: a plausible price, volatility, and Binance's trading rules for each.

Prices are USDT per coin. `volatility_bps` is the standard deviation of the fair price over one
second. Tick and lot values follow Binance's published filters; Upbit's tick is a table by price
band (ticks.py) and its lot is 1e-8 for every coin.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import exp, log
from random import Random
from types import MappingProxyType
from typing import Final

# Of coins beyond the table: prices at which Upbit's price unit is 10 bps at most, as of what trades most.
UNLISTED_USDT: Final = (0.75, 70.0)
UNLISTED_VOLATILITY_BPS: Final = (1.2, 2.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """One traded coin as the simulated market knows it."""

    name: str
    price_usdt: Decimal
    volatility_bps: Decimal  # per square root of a second
    tick_usdt: Decimal  # Binance PRICE_FILTER tickSize
    lot: Decimal  # Binance LOT_SIZE stepSize, base units


def _coin(name: str, price: str, volatility: str, tick: str, lot: str) -> Coin:
    return Coin(
        name=name,
        price_usdt=Decimal(price),
        volatility_bps=Decimal(volatility),
        tick_usdt=Decimal(tick),
        lot=Decimal(lot),
    )


DEFAULT_COINS: Final = MappingProxyType(
    {
        coin.name: coin
        for coin in (
            _coin("BTC", "100000", "1.0", "0.01", "0.00001"),
            _coin("ETH", "3500", "1.2", "0.01", "0.0001"),
            _coin("XRP", "2.5", "1.6", "0.0001", "0.1"),
            _coin("SOL", "180", "1.5", "0.01", "0.001"),
            _coin("ADA", "0.85", "1.6", "0.0001", "0.1"),
            _coin("DOGE", "0.22", "1.8", "0.00001", "1"),
        )
    }
)


def named_coin(name: str) -> Coin:
    """Return the coin of the table, or one made up by its name: always the same for the same name."""
    listed = DEFAULT_COINS.get(name)
    if listed is not None:
        return listed
    dice = Random(f"coin:{name}")
    low, high = UNLISTED_USDT
    price = Decimal(f"{exp(dice.uniform(log(low), log(high))):.4g}")
    return unlisted_coin(name, price, Decimal(f"{dice.uniform(*UNLISTED_VOLATILITY_BPS):.1f}"))


def unlisted_coin(name: str, price_usdt: Decimal, volatility_bps: Decimal) -> Coin:
    """Return a coin that is not in the table, with a tick near 0.1 bps and a lot worth about a cent."""
    magnitude = price_usdt.adjusted()
    return Coin(
        name=name,
        price_usdt=price_usdt,
        volatility_bps=volatility_bps,
        tick_usdt=Decimal(1).scaleb(max(magnitude - 5, -8)),
        lot=Decimal(1).scaleb(max(min(-2 - magnitude, 0), -8)),
    )
