"""exchangeInfo and commission rates as `Instrument`s. Source: exchange_protocols.md 1.4 and 1.5."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.instrument import FeeIn, Instrument
from arb.domain.market.money import BPS, ZERO
from arb.venues.reply import amount

DEFAULT_TAKER_FEE_BPS: Final = Decimal(10)
NO_LIMIT: Final = Decimal(1_000_000_000_000)
COMMISSIONS: Final = ("standardCommission", "specialCommission", "taxCommission")


def instruments(body: Any) -> tuple[Instrument, ...]:
    """Return the markets of an exchangeInfo reply, with the default fee: it says nothing of an account."""
    return tuple(_instruments(body))


def taker_fee_bps(body: Any) -> Decimal:
    """Return the whole taker fee of a commission reply.

    The dearer side counts, and the BNB discount does not: an edge may be better than thought, not worse.
    """
    return BPS * sum((_taker(body[name]) for name in COMMISSIONS if name in body), ZERO)


def _taker(rates: Any) -> Decimal:
    sides = max(amount(rates.get("buyer", "0")), amount(rates.get("seller", "0")))
    return amount(rates["taker"]) + sides


def _instruments(body: Any) -> Iterator[Instrument]:
    for market in body["symbols"]:
        filters = {row["filterType"]: row for row in market["filters"]}
        price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
        notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {}
        symbol = Symbol(f"{market['baseAsset']}/{market['quoteAsset']}")
        status = str(market["status"])
        yield Instrument(
            venue=Venue.BINANCE,
            symbol=symbol,
            venue_symbol=market["symbol"],
            base=Coin(market["baseAsset"]),
            quote=market["quoteAsset"],
            price_bands=((ZERO, _tick(market, price)),),
            lot_step=amount(lot["stepSize"]),
            quantity_min=amount(lot["minQty"]),
            quantity_max=amount(lot["maxQty"]) or NO_LIMIT,
            notional_min=amount(notional.get("minNotional", "0")),
            taker_fee_bps=DEFAULT_TAKER_FEE_BPS,
            fee_in=FeeIn.RECEIVED,
            tradable=status == "TRADING"
            and market.get("isSpotTradingAllowed", True)
            and "LIMIT" in market["orderTypes"],
            warning="" if status == "TRADING" else status,
        )


def _tick(market: Any, price_filter: Any) -> Decimal:
    """Return the price step; a filter of 0 is off, and then the precision is the step."""
    return amount(price_filter["tickSize"]) or Decimal(1).scaleb(-int(market["quotePrecision"]))
