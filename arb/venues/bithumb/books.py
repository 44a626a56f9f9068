"""Bithumb's order books. Source: docs/protocols/bithumb.md.

A side with fewer levels than the other is filled up with zeros. Sizes have four decimals, so that a level may
show a price and nothing to trade: it is left out, too.
"""

from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from arb.domain.market.book import Book
from arb.domain.market.ids import Symbol, Venue
from arb.domain.time import NS_PER_MS, NS_PER_US
from arb.venues.bithumb.orders import QUOTATION_GROUP
from arb.venues.krw import books
from arb.venues.krw.names import venue_symbol
from arb.venues.request import HttpRequest

MICROSECONDS: Final = 10**14  # a stamp above this counts them: in milliseconds it would lie in the year 5138


def request(symbol: Symbol) -> HttpRequest:
    """Return the request for a market's book."""
    query = urlencode({"markets": venue_symbol(symbol)})
    return HttpRequest(method="GET", path="/v1/orderbook", query=query, group=QUOTATION_GROUP)


def book(symbol: Symbol, body: Any, ts_recv_ns: int) -> Book:
    """Return the book in a reply. Raises: DataError, ValueError, LookupError."""
    return books.book(LINE, symbol, body, ts_recv_ns)


def _event_ns(stamp: int) -> int:
    """Return a stamp as nanoseconds: books are stamped in microseconds on the stream."""
    return stamp * (NS_PER_US if stamp > MICROSECONDS else NS_PER_MS)


def _code(market: str, _levels_min: int) -> str:
    """Return a market as it is: a book has 15 levels at most."""
    return market


def _market(code: str) -> str:
    return code


def _is_level(_price: Decimal, quantity: Decimal) -> bool:
    return bool(quantity)


LINE: Final = books.BookLine(
    venue=Venue.BITHUMB,
    code=_code,
    market=_market,
    event_ns=_event_ns,
    sequence_unit_ns=1,
    is_level=_is_level,
)
