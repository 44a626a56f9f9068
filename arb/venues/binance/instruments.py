"""exchangeInfo and commission rates as `Instrument`s. Source: docs/protocols/binance.md."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.instrument import FeeIn, Instrument
from arb.domain.market.listing import UNNAMED, Listing, OddMarket
from arb.domain.market.money import BPS, ZERO
from arb.venues.binance.names import symbol_of
from arb.venues.rows import MISSING, OddField, above_zero, by_symbol, fee_rate, not_negative, taken, text

DEFAULT_TAKER_FEE_BPS: Final = Decimal(10)
NOTIONAL_MIN: Final = Decimal(5)  # USDT, of most markets
NO_LIMIT: Final = Decimal(1_000_000_000_000)
NOTIONAL_MIN_ABSURD: Final = Decimal(1_000)  # USDT; 5 to 10 are usual
PRECISION_MAX: Final = 18
COMMISSIONS: Final = ("standardCommission", "specialCommission", "taxCommission")
TRADING: Final = "TRADING"
STATUSES: Final = frozenset(
    {TRADING, "PRE_TRADING", "POST_TRADING", "END_OF_DAY", "HALT", "AUCTION_MATCH", "BREAK", "CANCEL_ONLY"}
)


def instruments(body: Any) -> Listing:
    """Return the markets of an exchangeInfo reply, with the default fee: it says nothing of an account."""
    found = by_symbol(body["symbols"], _symbol, _instrument)
    rules = tuple(made for made in found.values() if isinstance(made, Instrument))
    odd = ((symbol, made) for symbol, made in found.items() if isinstance(made, OddField))
    return Listing(rules, (*(made.of(Venue.BINANCE, symbol) for symbol, made in odd), *_unnamed(body)))


def turnovers(body: Any) -> dict[Symbol, Decimal | OddField]:
    """Return what was traded within a day by USDT market, of a ticker/24hr reply."""
    return by_symbol(body, _symbol, lambda row: taken(row, "quoteVolume", not_negative))


def taker_fee_bps(body: Any) -> Decimal | OddField:
    """Return the whole taker fee of a commission reply, or what is odd about it.

    The dearer side counts, and the BNB discount does not: an edge may be better than thought, not worse.
    """
    told = [name for name in COMMISSIONS if name == COMMISSIONS[0] or name in body]
    try:
        return BPS * sum((_taker(taken(body, name, dict), name) for name in told), ZERO)
    except OddField as odd:
        return odd


def _taker(rates: Any, of: str) -> Decimal:
    sides = [taken(rates, name, fee_rate, of) for name in ("buyer", "seller") if name in rates]
    return taken(rates, "taker", fee_rate, of) + max(sides, default=ZERO)


def _symbol(market: Any) -> Symbol:
    """Return which market a row is about. Raises: ValueError if that cannot be told."""
    return symbol_of(text(market["symbol"]))


def _unnamed(body: Any) -> tuple[OddMarket, ...]:
    """Return the rows of which it cannot be told what they are about."""
    return tuple(
        OddField("symbol", _shown(row)).of(Venue.BINANCE, UNNAMED)
        for row in body["symbols"]
        if not (isinstance(row, Mapping) and isinstance(row.get("symbol"), str) and row["symbol"])
    )


def _shown(row: Any) -> Any:
    return row.get("symbol", MISSING) if isinstance(row, Mapping) else row


def _instrument(market: Any) -> Instrument:
    """Return one market's rules. Raises: OddField."""
    base, quote = taken(market, "baseAsset", text), taken(market, "quoteAsset", text)
    if f"{base}/{quote}" != _symbol(market):
        raise OddField("baseAsset", f"{base}, and quoteAsset {quote}")
    filters = taken(market, "filters", _filters)
    lot_step, quantity_min, quantity_max = _lot(filters)
    status, order_types = taken(market, "status", _status), taken(market, "orderTypes", tuple)
    return Instrument(
        venue=Venue.BINANCE,
        symbol=Symbol(f"{base}/{quote}"),
        venue_symbol=market["symbol"],
        base=Coin(base),
        quote=quote,
        price_bands=((ZERO, _tick(market, filters)),),
        lot_step=lot_step,
        quantity_min=quantity_min,
        quantity_max=quantity_max,
        notional_min=_notional_min(filters),
        taker_fee_bps=DEFAULT_TAKER_FEE_BPS,
        fee_in=FeeIn.RECEIVED,
        tradable=status == TRADING
        and market.get("isSpotTradingAllowed", True) is True
        and "LIMIT" in order_types,
        warning="" if status == TRADING else status,
    )


def _filters(rows: Any) -> dict[str, Any]:
    return {row["filterType"]: row for row in rows}


def _status(value: Any) -> str:
    if value not in STATUSES:
        raise ValueError(f"no status: {value!r}")
    return str(value)


def _lot(filters: Mapping[str, Any]) -> tuple[Decimal, Decimal, Decimal]:
    """Return step, least and most of an order's quantity."""
    lot = taken(filters, "LOT_SIZE", dict)
    step = taken(lot, "stepSize", above_zero, "LOT_SIZE")
    least = taken(lot, "minQty", not_negative, "LOT_SIZE")
    most = taken(lot, "maxQty", not_negative, "LOT_SIZE") or NO_LIMIT
    if step > most or least > most:
        raise OddField("LOT_SIZE.maxQty", f"{most}, below minQty {least} or stepSize {step}")
    return step, least, most


def _tick(market: Any, filters: Mapping[str, Any]) -> Decimal:
    """Return the price step; a filter of 0 is off, and then the precision is the step."""
    price = taken(filters, "PRICE_FILTER", dict)
    tick = taken(price, "tickSize", not_negative, "PRICE_FILTER")
    highest = taken(price, "maxPrice", not_negative, "PRICE_FILTER") if "maxPrice" in price else ZERO
    if ZERO < highest < tick:
        raise OddField("PRICE_FILTER.tickSize", f"{tick}, above maxPrice {highest}")
    return tick or taken(market, "quotePrecision", _step)


def _step(precision: Any) -> Decimal:
    if not 0 <= int(precision) <= PRECISION_MAX:
        raise ValueError(f"no number of decimals: {precision!r}")
    return Decimal(1).scaleb(-int(precision))


def _notional_min(filters: Mapping[str, Any]) -> Decimal:
    """Return the least worth of an order; of a market that has both filters, both hold."""
    names = [name for name in ("NOTIONAL", "MIN_NOTIONAL") if name in filters]
    if not names:  # without one there is nothing to know how much is dust
        raise OddField("NOTIONAL", MISSING)
    least = {name: taken(taken(filters, name, dict), "minNotional", not_negative, name) for name in names}
    worst = max(names, key=lambda name: least[name])
    if least[worst] > NOTIONAL_MIN_ABSURD:
        raise OddField(f"{worst}.minNotional", least[worst])
    return least[worst]
