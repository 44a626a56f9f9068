"""Price units of one market: the table by price band, unless the venue says otherwise.

Pure. The table is core/ticks.py. A venue may change a market's unit at run time: `overrides`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from arb.sim.core.ticks import is_multiple, krw_tick

LEVEL_MULTIPLES: Final = (0, 10, 100, 1_000, 10_000)  # of the unit, as /orderbook/instruments lists them


def price_unit(market: str, price: Decimal, overrides: Mapping[str, Decimal]) -> Decimal:
    """Return the unit `market` uses at `price`, in KRW."""
    return overrides.get(market) or krw_tick(price)


def is_on_unit(market: str, price: Decimal, overrides: Mapping[str, Decimal]) -> bool:
    """Return whether an order at `price` would be taken."""
    return is_multiple(price, price_unit(market, price, overrides))


def grouping_levels(unit: Decimal) -> list[str]:
    """Return the order book groupings a market with this unit supports, in KRW; 0 is none."""
    return [format(multiple * unit, "f") if multiple else "0" for multiple in LEVEL_MULTIPLES]
