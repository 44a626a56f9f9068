"""Bithumb's reference data as `Instrument`s. Source: docs/protocols/bithumb.md.

No endpoint tells the price units: they are the published table's.
"""

from decimal import Decimal
from typing import Any, Final

from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.instrument import Instrument
from arb.venues.krw import instruments
from arb.venues.krw.instruments import Bands, krw_market_of
from arb.venues.rows import OddField, by_symbol, taken, text
from arb.venues.terms import Terms

# Price units by band, highest bound first.
KRW_BANDS: Final[Bands] = tuple(
    (Decimal(lower), Decimal(unit))
    for lower, unit in (
        ("1000000", "1000"),
        ("500000", "500"),
        ("100000", "100"),
        ("50000", "50"),
        ("10000", "10"),
        ("5000", "5"),
        ("1000", "1"),
        ("100", "1"),
        ("10", "0.01"),
        ("1", "0.001"),
        ("0", "0.0001"),
    )
)
NO_WARNING: Final = "NONE"
CAUTION: Final = "CAUTION"  # under observation, and may be delisted: what others call a warning
DEFAULT_TERMS: Final = Terms(
    taker_fee_bps=Decimal(25),  # without a coupon, with which it is 4
    notional_min=Decimal(5_000),
    notional_max=Decimal(1_000_000_000),
    is_active=True,
)


def warnings(body: Any) -> dict[Symbol, str | OddField]:
    """Return every KRW market with the venue's warning about it, "" where there is none."""
    return by_symbol(body, krw_market_of, _warning)


def instrument(symbol: Symbol, warning: str, price: Decimal, own: Terms) -> Instrument:
    """Return one market."""
    return instruments.instrument(Venue.BITHUMB, symbol, warning, price, KRW_BANDS, own)


def _warning(row: Any) -> str:
    told = taken(row, "market_warning", text) if "market_warning" in row else NO_WARNING
    return {NO_WARNING: "", CAUTION: "WARNING"}.get(told, told)
