"""A book as compact JSON in Redis, and back: only what is looked at is read from the text.

Most looks at a market end at the best prices, and a number made exact costs more than all else of a level. So
the best level of each side is read at once, the others when somebody asks for them.
"""

from collections.abc import Iterator, Sequence
from decimal import InvalidOperation
from typing import Any, Final, overload

import msgspec
import orjson

from arb.domain.errors import DataError
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue
from arb.engine.market.book_codec import encode_book

NOT_A_BOOK: Final = (ValueError, InvalidOperation)  # not JSON, not UTF-8, not the right shape, not a number


class _Stored(msgspec.Struct):
    """What is written of a book."""

    venue: Venue
    symbol: str
    bids: msgspec.Raw
    asks: msgspec.Raw
    sequence: int
    ts_event_ns: int
    ts_recv_ns: int
    fence: int = 0


_WRITE: Final = msgspec.json.Encoder(decimal_format="string")
_READ: Final = msgspec.json.Decoder(_Stored)
_LEVEL: Final = msgspec.json.Decoder(Level)
_LEVELS: Final = msgspec.json.Decoder(tuple[Level, ...])


class LevelText(Sequence[Level]):
    """One side of a book, as it is written. Safe between threads: at worst it is read twice."""

    __slots__ = ("_all", "_best", "_text")

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._best = _LEVEL.decode(text[1 : text.index(b"]") + 1])
        self._all: tuple[Level, ...] | None = None

    def _levels(self) -> tuple[Level, ...]:
        """Return all levels; where what is behind the best one makes no sense, the book is a thin one."""
        if self._all is None:
            try:
                self._all = _LEVELS.decode(self._text)
            except NOT_A_BOOK:
                self._all = (self._best,)
        return self._all

    @overload
    def __getitem__(self, place: int) -> Level: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Level, ...]: ...
    def __getitem__(self, place: int | slice) -> Level | tuple[Level, ...]:
        return self._best if place == 0 else self._levels()[place]

    def __iter__(self) -> Iterator[Level]:
        yield self._best
        yield from self._levels()[1:]

    def __len__(self) -> int:
        return len(self._levels())

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LevelText):
            return self._levels() == other._levels()
        return self._levels() == other

    def __hash__(self) -> int:
        return hash(self._levels())

    def __repr__(self) -> str:
        return repr(self._levels())

    def __reduce__(self) -> tuple[Any, ...]:
        return LevelText, (self._text,)


def book_to_text(book: Book) -> bytes:
    """Return the book as compact JSON."""
    if isinstance(book.bids, tuple) and isinstance(book.asks, tuple):
        text = _WRITE.encode(book)
        if b"E-" not in text and b"E+" not in text:  # no name has these
            return text
    return orjson.dumps(encode_book(book))


def book_from_text(text: bytes) -> Book:
    """Return the book that `book_to_text` wrote. Raises: DataError."""
    try:
        stored = _READ.decode(text)
        return Book(
            venue=stored.venue,
            symbol=Symbol(stored.symbol),
            bids=LevelText(bytes(stored.bids)),
            asks=LevelText(bytes(stored.asks)),
            sequence=stored.sequence,
            ts_event_ns=stored.ts_event_ns,
            ts_recv_ns=stored.ts_recv_ns,
            fence=stored.fence,
        )
    except NOT_A_BOOK as error:
        raise DataError("book_malformed", str(error)) from error
