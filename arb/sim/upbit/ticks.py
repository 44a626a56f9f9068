"""Price units of Upbit's markets: how far apart two prices may be, by price band.

Pure. A price equal to a band's lower bound uses that band. KRW table in force since 2025-07-31
(exchange_protocols.md 2.5). A venue may change a market's unit at run time: `overrides` says so.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

KRW_BANDS: Final = tuple(
    (Decimal(lower), Decimal(unit))
    for lower, unit in (
        ("1000000", "1000"),
        ("500000", "500"),
        ("100000", "100"),
        ("50000", "50"),
        ("10000", "10"),
        ("5000", "5"),
        ("100", "1"),
        ("10", "0.1"),
        ("1", "0.01"),
        ("0.1", "0.001"),
        ("0.01", "0.0001"),
        ("0.001", "0.00001"),
        ("0.0001", "0.000001"),
        ("0.00001", "0.0000001"),
        ("0", "0.00000001"),
    )
)
KRW_LEVELS: Final = ("0", "10", "100", "1000", "10000")  # multiples of the unit, as the page lists them


def krw_price_unit(price: Decimal) -> Decimal:
    """Return the unit of a KRW price, in KRW."""
    for lower, unit in KRW_BANDS:
        if price >= lower:
            return unit
    raise ValueError(f"a price is not negative: {price}")


def price_unit(market: str, price: Decimal, overrides: Mapping[str, Decimal]) -> Decimal:
    """Return the unit `market` uses at `price`, in KRW."""
    return overrides.get(market) or krw_price_unit(price)


def is_on_unit(market: str, price: Decimal, overrides: Mapping[str, Decimal]) -> bool:
    """Return whether an order at `price` would be taken."""
    return price % price_unit(market, price, overrides) == 0


def grouping_levels(unit: Decimal) -> list[str]:
    """Return the order book groupings a market with this unit supports, in KRW; 0 is none."""
    return [format(int(level) * unit if int(level) > 0 else Decimal(0), "f") for level in KRW_LEVELS]
