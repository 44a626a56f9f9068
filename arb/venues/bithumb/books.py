"""Bithumb's order books over REST, for when no stream brings them. Source: docs/protocols/bithumb.md."""

from decimal import Decimal
from operator import gt, lt
from typing import Any, Final
from urllib.parse import urlencode

from arb.domain.market.book import Book
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_MS, NS_PER_US
from arb.venues.bithumb.names import venue_symbol
from arb.venues.bithumb.orders import QUOTATION_GROUP
from arb.venues.levels import REST_LEVELS, best_first
from arb.venues.reply import amount
from arb.venues.request import HttpRequest

MICROSECONDS: Final = 10**14  # a stamp above this counts them: in milliseconds it would lie in the year 5138


def request(symbol: Symbol) -> HttpRequest:
    """Return the request for a market's book."""
    query = urlencode({"markets": venue_symbol(symbol)})
    return HttpRequest(method="GET", path="/v1/orderbook", query=query, group=QUOTATION_GROUP)


def book(symbol: Symbol, body: Any, ts_recv_ns: int) -> Book:
    """Return the book in a reply. Raises: DataError, ValueError, LookupError."""
    (row,) = body
    stamp_ns = event_ns(int(row["timestamp"]))
    return Book(
        venue=Venue.BITHUMB,
        symbol=symbol,
        bids=best_first(_side(row, "bid"), REST_LEVELS, lt),
        asks=best_first(_side(row, "ask"), REST_LEVELS, gt),
        sequence=stamp_ns,
        ts_event_ns=stamp_ns,
        ts_recv_ns=ts_recv_ns,
    )


def event_ns(stamp: int) -> int:
    """Return a stamp as nanoseconds: books are stamped in microseconds on the stream."""
    return stamp * (NS_PER_US if stamp > MICROSECONDS else NS_PER_MS)


def _side(row: Any, side: str) -> list[tuple[Decimal, Decimal]]:
    """Return a side without what is no level: zeros that fill it up, and sizes rounded down to nothing."""
    units = row["orderbook_units"]
    pairs = [(amount(unit[f"{side}_price"]), amount(unit[f"{side}_size"])) for unit in units]
    return [(price, quantity) for price, quantity in pairs if quantity]
