"""Binance's order books over REST, for when no stream brings them. Source: docs/protocols/binance.md."""

from operator import gt, lt
from typing import Any
from urllib.parse import urlencode

from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue
from arb.venues.binance.names import venue_symbol
from arb.venues.levels import REST_LEVELS, best_first
from arb.venues.reply import amount
from arb.venues.request import HttpRequest


def request(symbol: Symbol) -> HttpRequest:
    """Return the request for a market's book."""
    query = urlencode({"symbol": venue_symbol(symbol), "limit": str(REST_LEVELS)})
    return HttpRequest(method="GET", path="/api/v3/depth", query=query, weight=5)


def book(symbol: Symbol, body: Any, ts_recv_ns: int) -> Book:
    """Return the book in a reply. Raises: DataError, ValueError, LookupError."""
    bids, asks = (
        [Level(amount(price), amount(quantity)) for price, quantity in body[side]]
        for side in ("bids", "asks")
    )
    return Book(
        venue=Venue.BINANCE,
        symbol=symbol,
        bids=best_first(bids, REST_LEVELS, lt),
        asks=best_first(asks, REST_LEVELS, gt),
        sequence=int(body["lastUpdateId"]),
        ts_event_ns=0,
        ts_recv_ns=ts_recv_ns,
    )
