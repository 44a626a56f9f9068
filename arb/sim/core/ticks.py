"""Price steps of each venue.

Binance: one tick per symbol (PRICE_FILTER). Upbit KRW markets: a tick by price band, in force
since 2025-07-31; a price equal to a band's lower bound uses that band. Source: Upbit's
krw-market-info page. Bithumb's differ below 100 KRW: docs/protocols/bithumb.md.
"""

from bisect import bisect_right
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

TickRule = Callable[[Decimal], Decimal]

KRW_BANDS: Final = tuple(
    (Decimal(lower), Decimal(tick))
    for lower, tick in (
        ("0", "0.00000001"),
        ("0.00001", "0.0000001"),
        ("0.0001", "0.000001"),
        ("0.001", "0.00001"),
        ("0.01", "0.0001"),
        ("0.1", "0.001"),
        ("1", "0.01"),
        ("10", "0.1"),
        ("100", "1"),
        ("1000", "1"),
        ("5000", "5"),
        ("10000", "10"),
        ("50000", "50"),
        ("100000", "100"),
        ("500000", "500"),
        ("1000000", "1000"),
        ("2000000", "1000"),
    )
)
BITHUMB_BANDS: Final = tuple(
    (Decimal(lower), Decimal(tick)) for lower, tick in (("0", "0.0001"), ("1", "0.001"), ("10", "0.01"))
)
_BITHUMB_LOWER: Final = tuple(lower for lower, _ in BITHUMB_BANDS)
_KRW_LOWER: Final = tuple(lower for lower, _ in KRW_BANDS)


def krw_tick(price: Decimal) -> Decimal:
    """Return the KRW price unit of Upbit that applies at `price`."""
    return KRW_BANDS[bisect_right(_KRW_LOWER, price) - 1][1]


def bithumb_tick(price: Decimal) -> Decimal:
    """Return the KRW price unit of Bithumb that applies at `price`: its own below 100 KRW."""
    return BITHUMB_BANDS[bisect_right(_BITHUMB_LOWER, price) - 1][1] if price < 100 else krw_tick(price)


def fixed_tick(tick: Decimal) -> TickRule:
    """Return a rule with the same tick at every price."""
    return lambda _price: tick


def floor_to(value: Decimal, unit: Decimal) -> Decimal:
    """Return the largest multiple of `unit` that is not above `value`."""
    return (value / unit).to_integral_value(ROUND_FLOOR) * unit


def ceil_to(value: Decimal, unit: Decimal) -> Decimal:
    """Return the smallest multiple of `unit` that is not below `value`."""
    return (value / unit).to_integral_value(ROUND_CEILING) * unit


def is_multiple(value: Decimal, unit: Decimal) -> bool:
    """Whether `value` lies exactly on a multiple of `unit`."""
    return value % unit == 0
