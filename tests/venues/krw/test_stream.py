"""Upbit frames of docs/protocols/upbit.md, and whatever else may arrive."""

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.errors import DataError, Rejected
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.engine.market.stream import Notice
from arb.venues.krw.stream import KrwStream
from arb.venues.upbit.books import LINE

NOW_NS = 1_746_601_573_900_000_000
FULL = (
    b'{"type":"orderbook","code":"KRW-BTC","timestamp":1746601573804,"total_ask_size":4.79158413,'
    b'"total_bid_size":2.65609625,"orderbook_units":[{"ask_price":137002000,"bid_price":137001000,'
    b'"ask_size":0.10623869,"bid_size":0.03656812}],"stream_type":"SNAPSHOT","level":0}'
)
SIMPLE = (
    b'{"ty":"orderbook","cd":"KRW-BTC","tms":1746601573804,"tas":4.79158413,"tbs":2.65609625,'
    b'"obu":[{"ap":137002000,"bp":137001000,"as":0.10623869,"bs":0.03656812}],"st":"REALTIME","lv":0}'
)


def stream(levels_max: int = 15) -> KrwStream:
    return KrwStream(LINE, coins=[Coin("BTC"), Coin("ETH")], levels_max=levels_max, ticket="t-1")


def rows(*levels: str) -> bytes:
    """Return a SIMPLE frame of rows "ask bid ask_size bid_size", numbers written as given."""
    fields = (zip(("ap", "bp", "as", "bs"), level.split(), strict=True) for level in levels)
    units = ",".join("{" + ",".join(f'"{key}":{value}' for key, value in row) + "}" for row in fields)
    return f'{{"ty":"orderbook","cd":"KRW-BTC","tms":1746601573804,"obu":[{units}],"st":"REALTIME"}}'.encode()


@pytest.mark.parametrize(("levels_max", "unit"), [(1, 1), (5, 5), (6, 15), (15, 15), (20, 30)])
def test_the_subscription_asks_for_the_smallest_depth_that_is_enough(levels_max, unit):
    (message,) = stream(levels_max).opened()
    assert orjson.loads(message) == [
        {"ticket": "t-1"},
        {"type": "orderbook", "codes": [f"KRW-USDT.{unit}", f"KRW-BTC.{unit}", f"KRW-ETH.{unit}"]},
        {"format": "SIMPLE"},
    ]


@pytest.mark.parametrize("frame", [FULL, SIMPLE])
def test_full_and_short_names_give_the_same_exact_book(frame):
    assert stream().read(frame, NOW_NS) == Book(
        venue=Venue.UPBIT,
        symbol=Symbol("BTC/KRW"),
        bids=(Level(Decimal(137001000), Decimal("0.03656812")),),
        asks=(Level(Decimal(137002000), Decimal("0.10623869")),),
        sequence=1746601573804,
        ts_event_ns=1746601573804_000_000,
        ts_recv_ns=NOW_NS,
    )


@pytest.mark.parametrize("text", ["8.428e-05", "0.1", "1386929.37231066771348207123", "1E-8", "3"])
def test_numbers_keep_every_digit(text):
    book = stream().read(rows(f"101 100 {text} 1"), NOW_NS)
    assert isinstance(book, Book)
    assert book.asks[0].quantity == Decimal(text)


def test_zeros_that_fill_a_shorter_side_are_left_out():
    book = stream().read(rows("101 100 1 1", "102 0 1 0.0"), NOW_NS)
    assert isinstance(book, Book)
    assert (len(book.asks), len(book.bids)) == (2, 1)


@pytest.mark.parametrize(
    "frame",
    [b'{"status":"UP"}', b'{"method":"LIST_SUBSCRIPTIONS","result":[{"type":"orderbook"}],"ticket":"t-1"}'],
)
def test_control_frames_are_signs_of_life(frame):
    assert stream().read(frame, NOW_NS) is Notice.ALIVE


def test_an_error_frame_is_a_refusal():
    with pytest.raises(Rejected, match="WRONG_FORMAT"):
        stream().read(b'{"error":{"name":"WRONG_FORMAT","message":"..."}}', NOW_NS)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "malformed"),
        (b"PONG", "malformed"),
        (SIMPLE[:-2], "malformed"),
        (b"[" + SIMPLE + b"]", "malformed"),
        (b'{"obu":' + b"[" * 100_000, "malformed"),
        (SIMPLE.replace(b'"tms":1746601573804', b'"tms":"soon"'), "malformed"),
        (SIMPLE.replace(b'"bs":0.03656812', b'"bs":null'), "malformed"),
        (SIMPLE.replace(b'"bs":0.03656812', b'"bs":-1'), "absurd"),
        (SIMPLE.replace(b'"ap":137002000', b'"ap":1e400'), "absurd"),
        (rows("100 101 1 1"), "book_crossed"),
        (rows("100 100 1 1"), "book_crossed"),
        (rows(), "book_empty"),
        (rows("101 99 1 1", "102 100 1 1"), "unsorted"),
        (SIMPLE.replace(b"KRW-BTC", b"KRW-DOGE"), "unexpected"),
        (b'{"ty":"trade","cd":"KRW-BTC","tp":1}', "unexpected"),
    ],
)
def test_a_bad_frame_is_a_data_error(frame, reason):
    with pytest.raises(DataError) as caught:
        stream().read(frame, NOW_NS)
    assert caught.value.reason == reason


def survives(frame: bytes) -> None:
    try:
        stream().read(frame, NOW_NS)
    except (DataError, Rejected):
        return


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_data_errors(frame):
    survives(frame)


@given(st.integers(0, len(SIMPLE) - 1), st.binary(min_size=1, max_size=3))
def test_a_damaged_frame_raises_nothing_but_data_errors(position, damage):
    survives(SIMPLE[:position] + damage + SIMPLE[position + len(damage) :])


@pytest.mark.parametrize(
    ("frame", "series"),
    [
        (SIMPLE, "KRW-BTC"),
        (FULL, "KRW-BTC"),
        (b'{"status":"UP"}', ""),
        (b'{"error":{"name":"NO_CODES"}}', ""),
        (b'{"ty":"trade","cd":"KRW-BTC"}', ""),
        (b"PING", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_only_books_of_a_market_take_the_place_of_one_another(frame, series):
    assert stream().series(frame) == series
