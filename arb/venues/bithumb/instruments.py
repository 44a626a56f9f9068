"""Bithumb's reference data as `Instrument`s. Source: docs/protocols/bithumb.md.

No endpoint tells the price units: they are the published table's.
"""

from decimal import Decimal
from typing import Any, Final

from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.instrument import FeeIn, Instrument
from arb.domain.market.money import floor_to
from arb.venues.krw.names import symbol_of, venue_symbol
from arb.venues.rows import OddField, above_zero, by_symbol, taken, text
from arb.venues.terms import Terms

# Price units by band, highest bound first.
KRW_BANDS: Final = tuple(
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
LOT_STEP: Final = Decimal("0.00000001")
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
    return by_symbol(body, _krw_market, _warning)


def last_prices(body: Any) -> dict[Symbol, Decimal | OddField]:
    """Return the last price by market, KRW."""
    return by_symbol(body, _market, lambda row: taken(row, "trade_price", above_zero))


def instrument(symbol: Symbol, warning: str, price: Decimal, own: Terms) -> Instrument:
    """Return one market."""
    base, _, quote = symbol.partition("/")
    return Instrument(
        venue=Venue.BITHUMB,
        symbol=symbol,
        venue_symbol=venue_symbol(symbol),
        base=Coin(base),
        quote=quote,
        price_bands=KRW_BANDS,
        lot_step=LOT_STEP,
        quantity_min=LOT_STEP,
        quantity_max=floor_to(own.notional_max / price, LOT_STEP),
        notional_min=own.notional_min,
        taker_fee_bps=own.taker_fee_bps,
        fee_in=FeeIn.QUOTE,
        tradable=own.is_active,
        warning=warning,
    )


def _market(row: Any) -> Symbol:
    return symbol_of(text(row["market"]))


def _krw_market(row: Any) -> Symbol:
    symbol = _market(row)
    if not symbol.endswith("/KRW"):
        raise ValueError(f"not a KRW market: {symbol}")
    return symbol


def _warning(row: Any) -> str:
    told = taken(row, "market_warning", text) if "market_warning" in row else NO_WARNING
    return {NO_WARNING: "", CAUTION: "WARNING"}.get(told, told)
