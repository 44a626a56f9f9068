"""Books as plain values and as text: nothing is lost, and nothing wrong gets in."""

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.adapters.redis.book_text import book_from_text, book_to_text
from arb.domain.errors import DataError
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Symbol, Venue
from arb.engine.market.book_codec import decode_book, encode_book

AMOUNTS = st.decimals("1e-18", "1e12", allow_nan=False, allow_infinity=False).filter(lambda d: d > 0)


def book(bid: Decimal, ask: Decimal, quantity: Decimal) -> Book:
    return Book(
        venue=Venue.UPBIT,
        symbol=Symbol("BTC/KRW"),
        bids=(Level(bid, quantity),),
        asks=(Level(ask, quantity),),
        sequence=7,
        ts_event_ns=1_700_000_000_000_000_001,
        ts_recv_ns=1_700_000_000_000_000_002,
    )


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_book_survives_the_way_to_text_and_back(bid, spread, quantity):
    made = book(bid, bid * 2 + spread, quantity)
    assert book_from_text(book_to_text(made)) == made
    assert decode_book(encode_book(made)) == made


@pytest.mark.parametrize(
    ("bid", "ask"),
    [(Decimal("1E-8"), Decimal("2E+3")), (Decimal("0.00000001"), Decimal(2000))],
    ids=["exponents", "plain"],
)
def test_the_text_is_compact_and_has_no_exponents(bid, ask):
    text = book_to_text(book(bid, ask, Decimal("0.10")))
    assert (b" " in text, orjson.loads(text)) == (
        False,
        {
            "venue": "upbit",
            "symbol": "BTC/KRW",
            "sequence": 7,
            "ts_event_ns": 1700000000000000001,
            "ts_recv_ns": 1700000000000000002,
            "fence": 0,
            "bids": [["0.00000001", "0.10"]],
            "asks": [["2000", "0.10"]],
        },
    )


def test_a_text_without_a_fence_is_of_nobody():
    made = book(Decimal(1), Decimal(2), Decimal(1))
    assert book_from_text(book_to_text(made).replace(b',"fence":0', b"")) == made


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"venue":"mars"}',
        book_to_text(book(Decimal(1), Decimal(2), Decimal(1)))[:-1],
        book_to_text(book(Decimal(1), Decimal(2), Decimal(1))).replace(b'"2"', b'"NaN"'),
        book_to_text(book(Decimal(1), Decimal(2), Decimal(1))).replace(b'"2"', b'"x"'),
    ],
)
def test_unreadable_text_is_a_data_error(text):
    with pytest.raises(DataError, match="book_malformed"):
        book_from_text(text)


@pytest.mark.parametrize("bad", [{"bids": [["x", "1"]]}, {"asks": [["1"]]}, {"sequence": None}, {"bids": 3}])
def test_a_bad_field_is_a_data_error(bad):
    values = encode_book(book(Decimal(1), Decimal(2), Decimal(1))) | bad
    with pytest.raises(DataError):
        decode_book(values)
