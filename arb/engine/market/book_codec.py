"""A book as plain values: the same shape in Redis and in a task message.

Amounts are text without exponents, so that JSON keeps them exact and `redis-cli` shows them readable.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from arb.domain.errors import DataError
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.money import plain


def encode_book(book: Book) -> dict[str, Any]:
    """Return the book as text, integers and lists."""
    return {
        "venue": book.venue.value,
        "symbol": book.symbol,
        "sequence": book.sequence,
        "ts_event_ns": book.ts_event_ns,
        "ts_recv_ns": book.ts_recv_ns,
        "fence": book.fence,
        "bids": [[plain(level.price), plain(level.quantity)] for level in book.bids],
        "asks": [[plain(level.price), plain(level.quantity)] for level in book.asks],
    }


def decode_book(values: Mapping[str, Any]) -> Book:
    """Return the book that `encode_book` described. Raises: DataError."""
    try:
        return Book(
            venue=Venue(values["venue"]),
            symbol=Symbol(values["symbol"]),
            bids=_levels(values["bids"]),
            asks=_levels(values["asks"]),
            sequence=int(values["sequence"]),
            ts_event_ns=int(values["ts_event_ns"]),
            ts_recv_ns=int(values["ts_recv_ns"]),
            fence=int(values.get("fence", 0)),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise DataError("book_malformed", repr(error)) from error


def _levels(rows: Sequence[Sequence[str]]) -> tuple[Level, ...]:
    return tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in rows)
