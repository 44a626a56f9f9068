"""Order books over REST, for when no stream brings them. Source: exchange_protocols.md 1.4 and 2.4."""

from decimal import Decimal
from operator import gt, lt
from typing import Any, Final
from urllib.parse import urlencode

from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_MS
from arb.venues.levels import best_first
from arb.venues.registry import to_venue_symbol
from arb.venues.reply import amount
from arb.venues.request import HttpRequest

LEVELS: Final = 15
WAIT_MS_MAX: Final = 500  # for room within the limits: a book that comes later is of little use
Pairs = list[tuple[Decimal, Decimal]]


def binance_request(symbol: Symbol) -> HttpRequest:
    """Return the request for Binance's book."""
    market = to_venue_symbol(Venue.BINANCE, symbol)
    query = urlencode({"symbol": market, "limit": str(LEVELS)})
    return HttpRequest(method="GET", path="/api/v3/depth", query=query, weight=5)


def binance_book(symbol: Symbol, body: Any, ts_recv_ns: int) -> Book:
    """Return the book in a reply. Raises: DataError, ValueError, LookupError."""
    return Book(
        venue=Venue.BINANCE,
        symbol=symbol,
        bids=_bids([(amount(price), amount(quantity)) for price, quantity in body["bids"]]),
        asks=_asks([(amount(price), amount(quantity)) for price, quantity in body["asks"]]),
        sequence=int(body["lastUpdateId"]),
        ts_event_ns=0,
        ts_recv_ns=ts_recv_ns,
    )


def upbit_request(symbol: Symbol) -> HttpRequest:
    """Return the request for Upbit's book."""
    query = urlencode({"markets": to_venue_symbol(Venue.UPBIT, symbol), "count": str(LEVELS)})
    return HttpRequest(method="GET", path="/v1/orderbook", query=query, group="orderbook")


def upbit_book(symbol: Symbol, body: Any, ts_recv_ns: int) -> Book:
    """Return the book in a reply. Raises: DataError, ValueError, LookupError."""
    (row,) = body
    units = row["orderbook_units"]
    stamp_ms = int(row["timestamp"])
    return Book(
        venue=Venue.UPBIT,
        symbol=symbol,
        bids=_bids(_present([(amount(unit["bid_price"]), amount(unit["bid_size"])) for unit in units])),
        asks=_asks(_present([(amount(unit["ask_price"]), amount(unit["ask_size"])) for unit in units])),
        sequence=stamp_ms,
        ts_event_ns=stamp_ms * NS_PER_MS,
        ts_recv_ns=ts_recv_ns,
    )


def _present(pairs: Pairs) -> Pairs:
    """Leave out the zeros that fill a side with fewer levels than the other."""
    return [(price, quantity) for price, quantity in pairs if price or quantity]


def _bids(pairs: Pairs) -> tuple[Level, ...]:
    return best_first(pairs, LEVELS, lt)


def _asks(pairs: Pairs) -> tuple[Level, ...]:
    return best_first(pairs, LEVELS, gt)
