"""A book that was read from text is the book that was written, whatever of it is looked at first."""

import pickle
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.redis.book_text import LevelText, book_from_text, book_to_text
from arb.domain.errors import DataError
from arb.domain.market.book import Book, Level, sweep
from arb.domain.market.ids import Symbol, Venue

BIDS = tuple(Level(Decimal(100 - place), Decimal(1 + place)) for place in range(4))
ASKS = tuple(Level(Decimal(101 + place), Decimal(1 + place)) for place in range(3))
BOOK = Book(
    venue=Venue.UPBIT,
    symbol=Symbol("BTC/KRW"),
    bids=BIDS,
    asks=ASKS,
    sequence=1,
    ts_event_ns=2,
    ts_recv_ns=3,
    fence=4,
)


@pytest.fixture
def read() -> Book:
    return book_from_text(book_to_text(BOOK))


def test_it_is_the_same_book(read):
    assert read == BOOK
    assert read == BOOK
    assert hash(read) == hash(BOOK)
    assert read == book_from_text(book_to_text(BOOK))
    assert read != replace(BOOK, bids=BIDS[:3])
    assert repr(read) == repr(BOOK)


def test_levels_are_where_they_were(read):
    bids = read.bids
    assert (bids[0], bids[3], bids[-1], bids[1:], len(bids), bool(bids)) == (
        BIDS[0],
        BIDS[3],
        BIDS[3],
        BIDS[1:],
        4,
        True,
    )
    assert (list(bids), BIDS[2] in bids, bids.index(BIDS[1])) == (list(BIDS), True, 1)
    with pytest.raises(IndexError):
        bids[4]


def test_best_prices_and_what_they_hold_are_had_without_the_depth():
    book = book_from_text(book_to_text(BOOK).replace(b'"98"', b'"what"'))
    assert (book.bid, book.ask) == (100, 101)
    found = sweep(book.bids, Decimal(1))
    assert (found.quantity, found.worst_price) == (1, 100)


@pytest.mark.parametrize("bad", [b'"what"', b"null", b'["1"]'])
def test_depth_that_makes_no_sense_makes_a_thin_book(bad):
    book = book_from_text(book_to_text(BOOK).replace(b'"98"', bad))
    assert list(book.bids) == [BIDS[0]]
    assert sweep(book.bids, Decimal(2)) is None
    assert sweep(book.asks, Decimal(2)) == sweep(ASKS, Decimal(2))


@pytest.mark.parametrize("bad", [b'"what"', b'"NaN"', b"null", b'["1"]', b'"101"', b'"-1"'])
def test_a_best_price_that_makes_no_sense_makes_no_book(bad):
    with pytest.raises(DataError):
        book_from_text(book_to_text(BOOK).replace(b'"100"', bad))


def test_a_side_without_levels_makes_no_book():
    text = book_to_text(BOOK)
    start, end = text.index(b'"bids":['), text.index(b',"asks"')
    with pytest.raises(DataError):
        book_from_text(text[:start] + b'"bids":[]' + text[end:])


def test_what_was_read_is_written_and_copied_as_it_is(read):
    assert book_from_text(book_to_text(read)) == BOOK
    assert pickle.loads(pickle.dumps(read)) == BOOK
    assert isinstance(read.top(2).bids, tuple)
    assert read.top(2) == BOOK.top(2)
    assert isinstance(read.bids, LevelText)
