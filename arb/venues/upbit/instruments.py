"""Upbit's reference data as `Instrument`s. Source: exchange_protocols.md 2.4 and 2.5.

The price unit that Upbit publishes holds for the band of the current price only; the table of bands, the
fallback, covers the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.instrument import UPBIT_KRW_BANDS, FeeIn, Instrument
from arb.domain.market.money import BPS, floor_to
from arb.venues.registry import from_venue_symbol, to_venue_symbol
from arb.venues.reply import amount, positive

Bands = tuple[tuple[Decimal, Decimal], ...]
LOT_STEP: Final = Decimal("0.00000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an account may do in a market, and at what price."""

    taker_fee_bps: Decimal
    notional_min: Decimal  # KRW
    notional_max: Decimal  # KRW
    is_active: bool


DEFAULT_TERMS: Final = Terms(
    taker_fee_bps=Decimal(5),
    notional_min=Decimal(5_000),
    notional_max=Decimal(1_000_000_000),
    is_active=True,
)


def warnings(body: Any) -> dict[Symbol, str]:
    """Return every KRW market with the venue's warning about it, "" where there is none."""
    rows = (row for row in body if str(row["market"]).startswith("KRW-"))
    return {from_venue_symbol(Venue.UPBIT, row["market"]): _warning(row) for row in rows}


def tick_sizes(body: Any) -> dict[Symbol, Decimal]:
    """Return the price unit in force by market."""
    return {from_venue_symbol(Venue.UPBIT, row["market"]): positive(row["tick_size"]) for row in body}


def last_prices(body: Any) -> dict[Symbol, Decimal]:
    """Return the last price by market, KRW."""
    return {from_venue_symbol(Venue.UPBIT, row["market"]): positive(row["trade_price"]) for row in body}


def terms(body: Any) -> Terms:
    """Return the terms of an orders/chance reply; the dearer side's fee counts."""
    market = body["market"]
    return Terms(
        taker_fee_bps=BPS * max(amount(body["bid_fee"]), amount(body["ask_fee"])),
        notional_min=max(amount(market["bid"]["min_total"]), amount(market["ask"]["min_total"])),
        notional_max=amount(market["max_total"]),
        is_active=market["state"] == "active",
    )


def instrument(
    symbol: Symbol, warning: str, price: Decimal, ticks: Mapping[Symbol, Decimal], own: Terms
) -> Instrument:
    """Return one market."""
    base, _, quote = symbol.partition("/")
    return Instrument(
        venue=Venue.UPBIT,
        symbol=symbol,
        venue_symbol=to_venue_symbol(Venue.UPBIT, symbol),
        base=Coin(base),
        quote=quote,
        price_bands=merged_bands(price, ticks[symbol]) if symbol in ticks else UPBIT_KRW_BANDS,
        lot_step=LOT_STEP,
        quantity_min=LOT_STEP,
        quantity_max=floor_to(own.notional_max / price, LOT_STEP),
        notional_min=own.notional_min,
        taker_fee_bps=own.taker_fee_bps,
        fee_in=FeeIn.QUOTE,
        tradable=own.is_active,
        warning=warning,
    )


def merged_bands(price: Decimal, tick: Decimal) -> Bands:
    """Return the fallback table with the published unit in the band of the current price."""
    current = next((lower for lower, _ in UPBIT_KRW_BANDS if price >= lower), UPBIT_KRW_BANDS[-1][0])
    return tuple((lower, tick if lower == current else fallback) for lower, fallback in UPBIT_KRW_BANDS)


def _warning(row: Any) -> str:
    event = row.get("market_event") or {}
    flags = ["WARNING"] if event.get("warning") else []
    flags += sorted(name for name, is_on in (event.get("caution") or {}).items() if is_on)
    return ",".join(flags)
