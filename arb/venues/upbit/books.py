"""Upbit's order books over REST, for when no stream brings them. Source: exchange_protocols.md 2.4."""

from decimal import Decimal
from operator import gt, lt
from typing import Any
from urllib.parse import urlencode

from arb.domain.market.book import Book
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_MS
from arb.venues.levels import REST_LEVELS, best_first
from arb.venues.reply import amount
from arb.venues.request import HttpRequest
from arb.venues.upbit.names import venue_symbol


def request(symbol: Symbol) -> HttpRequest:
    """Return the request for a market's book."""
    query = urlencode({"markets": venue_symbol(symbol), "count": str(REST_LEVELS)})
    return HttpRequest(method="GET", path="/v1/orderbook", query=query, group="orderbook")


def book(symbol: Symbol, body: Any, ts_recv_ns: int) -> Book:
    """Return the book in a reply. Raises: DataError, ValueError, LookupError."""
    (row,) = body
    stamp_ms = int(row["timestamp"])
    return Book(
        venue=Venue.UPBIT,
        symbol=symbol,
        bids=best_first(_side(row, "bid"), REST_LEVELS, lt),
        asks=best_first(_side(row, "ask"), REST_LEVELS, gt),
        sequence=stamp_ms,
        ts_event_ns=stamp_ms * NS_PER_MS,
        ts_recv_ns=ts_recv_ns,
    )


def _side(row: Any, side: str) -> list[tuple[Decimal, Decimal]]:
    """Return a side without the zeros that fill the one with fewer levels than the other."""
    units = row["orderbook_units"]
    pairs = [(amount(unit[f"{side}_price"]), amount(unit[f"{side}_size"])) for unit in units]
    return [(price, quantity) for price, quantity in pairs if price or quantity]
