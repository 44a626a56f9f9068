"""Reference data of venues that quote in KRW as `Instrument`s: what their markets have in common."""

from decimal import Decimal
from typing import Any, Final

from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.instrument import FeeIn, Instrument
from arb.domain.market.money import floor_to
from arb.venues.krw.names import symbol_of, venue_symbol
from arb.venues.rows import OddField, above_zero, by_symbol, not_negative, taken, text
from arb.venues.terms import Terms

Bands = tuple[tuple[Decimal, Decimal], ...]
LOT_STEP: Final = Decimal("0.00000001")


def last_prices(body: Any) -> dict[Symbol, Decimal | OddField]:
    """Return the last price by market, KRW."""
    return by_symbol(body, market_of, lambda row: taken(row, "trade_price", above_zero))


def turnovers(body: Any) -> dict[Symbol, Decimal | OddField]:
    """Return what was traded within a day by market, KRW."""
    return by_symbol(body, market_of, lambda row: taken(row, "acc_trade_price_24h", not_negative))


def instrument(
    venue: Venue, symbol: Symbol, warning: str, price: Decimal, bands: Bands, own: Terms
) -> Instrument:
    """Return one market."""
    base, _, quote = symbol.partition("/")
    return Instrument(
        venue=venue,
        symbol=symbol,
        venue_symbol=venue_symbol(symbol),
        base=Coin(base),
        quote=quote,
        price_bands=bands,
        lot_step=LOT_STEP,
        quantity_min=LOT_STEP,
        quantity_max=floor_to(own.notional_max / price, LOT_STEP),
        notional_min=own.notional_min,
        taker_fee_bps=own.taker_fee_bps,
        fee_in=FeeIn.QUOTE,
        tradable=own.is_active,
        warning=warning,
    )


def market_of(row: Any) -> Symbol:
    """Return the market that a row is about."""
    return symbol_of(text(row["market"]))


def krw_market_of(row: Any) -> Symbol:
    """Return the same, if it quotes in KRW. Raises: ValueError."""
    symbol = market_of(row)
    if not symbol.endswith("/KRW"):
        raise ValueError(f"not a KRW market: {symbol}")
    return symbol
