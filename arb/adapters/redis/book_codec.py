"""A book as one line of JSON, the way Redis keeps it; the plain shape is `arb.engine.market.book_codec`'s."""

import orjson

from arb.domain.errors import DataError
from arb.domain.market.book import Book
from arb.engine.market.book_codec import decode_book, encode_book

__all__ = ["book_from_text", "book_to_text", "decode_book", "encode_book"]


def book_to_text(book: Book) -> bytes:
    """Return the book as compact JSON."""
    return orjson.dumps(encode_book(book))


def book_from_text(text: bytes) -> Book:
    """Return the book that `book_to_text` wrote. Raises: DataError."""
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise DataError("book_malformed", str(error)) from error
    if not isinstance(values, dict):
        raise DataError("book_malformed", "not an object")
    return decode_book(values)
