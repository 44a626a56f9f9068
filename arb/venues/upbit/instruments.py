"""Upbit's reference data as `Instrument`s. Source: docs/protocols/upbit.md.

The price unit that Upbit publishes holds for the band of the current price only; the table of bands, the
fallback, covers the rest.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.instrument import Instrument
from arb.venues.krw import instruments
from arb.venues.krw.instruments import Bands, krw_market_of, market_of
from arb.venues.rows import OddField, above_zero, by_symbol, taken
from arb.venues.terms import Terms

# Price units by band in force since 2025-07-31, highest bound first.
KRW_BANDS: Final[Bands] = tuple(
    (Decimal(lower), Decimal(tick))
    for lower, tick in (
        ("2000000", "1000"),
        ("1000000", "1000"),
        ("500000", "500"),
        ("100000", "100"),
        ("50000", "50"),
        ("10000", "10"),
        ("5000", "5"),
        ("1000", "1"),
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
TICK_ABSURD: Final = Decimal("0.1")  # of the price; a hundredth is the coarsest of the table


DEFAULT_TERMS: Final = Terms(
    taker_fee_bps=Decimal(5),
    notional_min=Decimal(5_000),
    notional_max=Decimal(1_000_000_000),
    is_active=True,
)


def warnings(body: Any) -> dict[Symbol, str | OddField]:
    """Return every KRW market with the venue's warning about it, "" where there is none."""
    return by_symbol(body, krw_market_of, _warning)


def tick_sizes(body: Any) -> dict[Symbol, Decimal | OddField]:
    """Return the price unit in force by market."""
    return by_symbol(body, market_of, lambda row: taken(row, "tick_size", above_zero))


def instrument(
    symbol: Symbol, warning: str, price: Decimal, ticks: Mapping[Symbol, Decimal], own: Terms
) -> Instrument:
    """Return one market. Raises: OddField."""
    if symbol in ticks and ticks[symbol] > price * TICK_ABSURD:
        raise OddField("tick_size", f"{ticks[symbol]} at a price of {price}")
    bands = merged_bands(price, ticks[symbol]) if symbol in ticks else KRW_BANDS
    return instruments.instrument(Venue.UPBIT, symbol, warning, price, bands, own)


def merged_bands(price: Decimal, tick: Decimal) -> Bands:
    """Return the fallback table with the published unit in the band of the current price."""
    current = next((lower for lower, _ in KRW_BANDS if price >= lower), KRW_BANDS[-1][0])
    return tuple((lower, tick if lower == current else fallback) for lower, fallback in KRW_BANDS)


def _warning(row: Any) -> str:
    return taken({"market_event": row.get("market_event")}, "market_event", _flags)


def _flags(event: Any) -> str:
    told = event or {}
    flags = ["WARNING"] if told.get("warning") else []
    flags += sorted(name for name, is_on in (told.get("caution") or {}).items() if is_on)
    return ",".join(flags)
