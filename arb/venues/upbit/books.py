"""Upbit's order books. Source: docs/protocols/upbit.md.

A side with fewer levels than the other is filled up with zeros. Books are stamped in milliseconds.
"""

from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from arb.domain.market.book import Book
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_MS
from arb.venues.krw import books
from arb.venues.krw.names import venue_symbol
from arb.venues.levels import REST_LEVELS
from arb.venues.request import HttpRequest

UNITS: Final = (1, 5, 15, 30)  # the depths that there are


def request(symbol: Symbol) -> HttpRequest:
    """Return the request for a market's book."""
    query = urlencode({"markets": venue_symbol(symbol), "count": str(REST_LEVELS)})
    return HttpRequest(method="GET", path="/v1/orderbook", query=query, group="orderbook")


def book(symbol: Symbol, body: Any, ts_recv_ns: int) -> Book:
    """Return the book in a reply. Raises: DataError, ValueError, LookupError."""
    return books.book(LINE, symbol, body, ts_recv_ns)


def _code(market: str, levels_min: int) -> str:
    """Return a market with the smallest depth that is enough."""
    return f"{market}.{next(unit for unit in UNITS if unit >= levels_min)}"


def _market(code: str) -> str:
    return code.partition(".")[0]


def _event_ns(stamp_ms: int) -> int:
    return stamp_ms * NS_PER_MS


def _is_level(price: Decimal, quantity: Decimal) -> bool:
    return bool(price or quantity)


LINE: Final = books.BookLine(
    venue=Venue.UPBIT,
    code=_code,
    market=_market,
    event_ns=_event_ns,
    sequence_unit_ns=NS_PER_MS,
    is_level=_is_level,
)
