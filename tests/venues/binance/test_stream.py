"""Binance frames of docs/protocols/binance.md, and whatever else may arrive."""

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.errors import DataError, Rejected
from arb.domain.market.book import Book, Level
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.engine.market.lag import FrameStamp
from arb.engine.market.stream import Notice
from arb.venues.binance.stream import STAMPLESS_NS_MAX, BinanceStream

NOW_NS = 1_700_000_000_000_000_000
TOP = (
    b'{"stream":"bnbusdt@bookTicker","data":{"u":400900217,"s":"BNBUSDT","b":"25.35190000",'
    b'"B":"31.21000000","a":"25.36520000","A":"40.66000000"}}'
)


def stream() -> BinanceStream:
    made = BinanceStream(coins=[Coin("BNB"), Coin("BTC")], levels_max=15)
    assert made.opened() == ()
    return made


def top(sequence: int, bid: str, ask: str, bid_size: str = "1", ask_size: str = "1") -> bytes:
    data = {"u": sequence, "s": "BNBUSDT", "b": bid, "B": bid_size, "a": ask, "A": ask_size}
    return orjson.dumps({"stream": "bnbusdt@bookTicker", "data": data})


def depth(sequence: int, bids: list[list[str]], asks: list[list[str]]) -> bytes:
    data = {"lastUpdateId": sequence, "bids": bids, "asks": asks}
    return orjson.dumps({"stream": "bnbusdt@depth20@100ms", "data": data})


def read_book(codec: BinanceStream, frame: bytes, ts_recv_ns: int = NOW_NS) -> Book:
    book = codec.read(frame, ts_recv_ns)
    assert isinstance(book, Book)
    return book


def prices(levels: tuple[Level, ...]) -> list[str]:
    return [str(level.price) for level in levels]


def test_every_coin_is_subscribed_to_with_both_streams_on_the_open_connection():
    codec = stream()
    (message,) = codec.due(NOW_NS)
    names = ["bnbusdt@bookTicker", "bnbusdt@depth20@100ms", "btcusdt@bookTicker", "btcusdt@depth20@100ms"]
    names = ["btcusdt@depth@100ms", *names]
    assert orjson.loads(message) == {"method": "SUBSCRIBE", "params": names, "id": 1}
    assert codec.due(NOW_NS) == ()


@pytest.mark.parametrize("count", [2, 512])
def test_the_address_does_not_grow_with_the_coins(count):
    codec = BinanceStream(coins=[Coin(f"C{number}") for number in range(count)], levels_max=15)
    assert codec.path() == "/stream"


def stamped(name: str, at_ms: int = 1) -> bytes:
    return orjson.dumps({"stream": f"{name}@depth@100ms", "data": {"e": "depthUpdate", "E": at_ms}})


def answer(codec: BinanceStream) -> list[str]:
    """Take what is due, in batches, and say yes to it; return the streams of what was asked."""
    asked = []
    while due := codec.due(NOW_NS):
        message = orjson.loads(due[0])
        asked += [f"{message['method'][0]} {name}" for name in message["params"]]
        codec.read(orjson.dumps({"result": None, "id": message["id"]}), NOW_NS)
    return asked


def test_a_stamped_frame_tells_the_venues_time_and_nothing_else():
    assert stream().read(stamped("btcusdt", 1_700_000_000_123), NOW_NS) == FrameStamp(
        1_700_000_000_123_000_000
    )


@pytest.mark.parametrize("bad", [{}, {"E": None}, {"E": "now"}, {"E": 1.5}])
def test_a_stamped_frame_without_a_time_is_malformed(bad):
    frame = orjson.dumps({"stream": "btcusdt@depth@100ms", "data": bad})
    with pytest.raises(DataError, match="malformed"):
        stream().read(frame, NOW_NS)


def test_where_stamps_stay_away_those_of_a_market_whose_books_come_are_asked_for():
    codec = stream()
    answer(codec)
    codec.read(top(1, "1", "2"), NOW_NS)
    codec.read(top(2, "1", "2"), NOW_NS + STAMPLESS_NS_MAX)
    assert answer(codec) == []
    codec.read(top(3, "1", "2"), NOW_NS + STAMPLESS_NS_MAX + 1)
    assert answer(codec) == ["U btcusdt@depth@100ms", "S bnbusdt@depth@100ms"]
    codec.read(stamped("bnbusdt"), NOW_NS + STAMPLESS_NS_MAX + 2)
    codec.read(top(4, "1", "2"), NOW_NS + 3 * STAMPLESS_NS_MAX)
    assert answer(codec) == []


def test_a_connection_without_coins_asks_for_nothing():
    codec = stream()
    answer(codec)
    codec.watch([])
    assert {name[0] for name in answer(codec)} == {"U"}
    codec.opened()
    assert codec.due(NOW_NS) == ()


def test_a_coin_that_is_refused_is_named_and_frames_of_the_others_are_read():
    codec = BinanceStream(coins=[Coin("BNB"), Coin("NONE")], levels_max=15)
    codec.opened()
    (message,) = codec.due(NOW_NS)
    while message is not None:
        asked = orjson.loads(message)
        reply = (
            {"error": {"code": 2, "msg": "unknown"}}
            if "noneusdt@bookTicker" in asked["params"]
            else {"result": None}
        )
        assert codec.read(orjson.dumps({**reply, "id": asked["id"]}), NOW_NS) is Notice.ALIVE
        message = next(iter(codec.due(NOW_NS)), None)
    assert codec.rejected().keys() == {"NONE"}
    assert "unknown" in codec.rejected()[Coin("NONE")]
    assert read_book(codec, TOP).symbol == "BNB/USDT"


def test_a_book_ticker_is_a_book_of_one_level():
    assert stream().read(TOP, NOW_NS) == Book(
        venue=Venue.BINANCE,
        symbol=Symbol("BNB/USDT"),
        bids=(Level(Decimal("25.3519"), Decimal("31.21")),),
        asks=(Level(Decimal("25.3652"), Decimal("40.66")),),
        sequence=400900217,
        ts_event_ns=0,
        ts_recv_ns=NOW_NS,
    )


def test_a_depth_frame_is_a_book_cut_to_the_wanted_levels():
    bids = [[str(100 - i), "1"] for i in range(20)]
    asks = [[str(101 + i), "1"] for i in range(20)]
    book = read_book(stream(), depth(160, bids, asks))
    assert (book.sequence, len(book.bids), len(book.asks), book.bid, book.ask) == (160, 15, 15, 100, 101)


def test_a_newer_top_drops_the_levels_that_contradict_it():
    codec = stream()
    codec.read(depth(10, [["100", "1"], ["99", "2"], ["98", "3"]], [["101", "1"], ["102", "2"]]), NOW_NS)
    book = read_book(codec, top(11, "99", "100.5", bid_size="7"))
    assert prices(book.bids) == ["99", "98"]
    assert prices(book.asks) == ["100.5", "101", "102"]
    assert book.bids[0].quantity == 7
    assert book.sequence == 11


def test_a_depth_older_than_the_top_is_corrected_by_it():
    codec = stream()
    codec.read(top(11, "99", "102"), NOW_NS)
    book = read_book(codec, depth(10, [["100", "1"], ["98", "3"]], [["101", "1"], ["103", "2"]]))
    assert prices(book.bids) == ["99", "98"]
    assert prices(book.asks) == ["102", "103"]
    assert book.sequence == 11


def test_a_depth_newer_than_the_top_is_taken_as_it_is():
    codec = stream()
    codec.read(top(11, "99", "102"), NOW_NS)
    book = read_book(codec, depth(12, [["100", "1"]], [["101", "1"]]))
    assert (book.bid, book.ask, book.sequence) == (100, 101, 12)


def test_a_top_that_the_depth_has_overtaken_is_dropped():
    codec = stream()
    codec.read(depth(12, [["100", "1"]], [["101", "1"]]), NOW_NS)
    with pytest.raises(DataError, match="superseded"):
        codec.read(top(11, "99", "102"), NOW_NS)


def test_old_depth_does_not_stand_behind_a_new_top():
    codec = stream()
    codec.read(depth(10, [["100", "1"], ["99", "2"]], [["101", "1"]]), NOW_NS)
    book = read_book(codec, top(11, "100", "101"), NOW_NS + 1_000_000_001)
    assert len(book.bids) == len(book.asks) == 1


@pytest.mark.parametrize("frames", [(top(5, "1", "2"), top(4, "1", "2"))])
def test_update_ids_that_go_back_are_out_of_order_until_a_reconnect(frames):
    codec = stream()
    codec.read(frames[0], NOW_NS)
    with pytest.raises(DataError, match="out_of_order"):
        codec.read(frames[1], NOW_NS)
    codec.opened()
    assert read_book(codec, frames[1]).sequence == 4


def test_a_crossed_frame_changes_nothing():
    codec = stream()
    with pytest.raises(DataError, match="book_crossed"):
        codec.read(top(5, "2", "1"), NOW_NS)
    assert read_book(codec, top(4, "1", "2")).sequence == 4


@pytest.mark.parametrize(
    ("frame", "notice"),
    [
        (b'{"result":null,"id":1}', Notice.ALIVE),
        (b'{"result":["btcusdt@bookTicker"],"id":3}', Notice.ALIVE),
        (b'{"e":"serverShutdown","E":1770123456789}', Notice.SHUTDOWN),
        (b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}', Notice.SHUTDOWN),
    ],
)
def test_control_frames_are_notices(frame, notice):
    assert stream().read(frame, NOW_NS) is notice


@pytest.mark.parametrize(
    "frame",
    [
        b'{"error":{"code":2,"msg":"Invalid request: unknown stream"},"id":1}',
        b'{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}',
    ],
)
def test_an_error_frame_is_a_refusal(frame):
    with pytest.raises(Rejected):
        stream().read(frame, NOW_NS)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "malformed"),
        (b"[1,2]", "malformed"),
        (TOP[:-3], "malformed"),
        (b"[" * 100_000, "malformed"),
        (TOP.replace(b'"b":"25.35190000"', b'"b":true'), "malformed"),
        (TOP.replace(b'"b":"25.35190000"', b'"b":"NaN"'), "absurd"),
        (TOP.replace(b'"a":"25.36520000"', b'"a":"Infinity"'), "absurd"),
        (TOP.replace(b'"b":"25.35190000"', b'"b":"-25"'), "absurd"),
        (TOP.replace(b'"B":"31.21000000"', b'"B":"0.00000000"'), "absurd"),
        (depth(1, [], [["1", "1"]]), "book_empty"),
        (depth(1, [["1", "1"], ["2", "1"]], [["3", "1"]]), "unsorted"),
        (depth(1, [["2", "1"]], [["4", "1"], ["3", "1"]]), "unsorted"),
        (TOP.replace(b"bnbusdt@", b"dogeusdt@"), "unexpected"),
        (TOP.replace(b"@bookTicker", b"@trade"), "unexpected"),
    ],
)
def test_a_bad_frame_is_a_data_error(frame, reason):
    with pytest.raises(DataError) as caught:
        stream().read(frame, NOW_NS)
    assert caught.value.reason == reason


def survives(codec: BinanceStream, frame: bytes) -> None:
    try:
        codec.read(frame, NOW_NS)
    except (DataError, Rejected):
        return


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_data_errors(frame):
    survives(stream(), frame)


@given(st.integers(0, len(TOP) - 1), st.binary(min_size=1, max_size=3))
def test_a_damaged_frame_raises_nothing_but_data_errors(position, damage):
    survives(stream(), TOP[:position] + damage + TOP[position + len(damage) :])


LEVELS = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 9)), min_size=1, max_size=5)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 20), LEVELS, LEVELS), max_size=12))
def test_whatever_the_order_of_frames_every_book_is_sorted_and_shows_the_newest_top(steps):
    codec = stream()
    for is_top, sequence, low, high in steps:
        bids = sorted({price for price, _ in low}, reverse=True)
        asks = sorted({50 + price for price, _ in high})
        frame = (
            top(sequence, str(bids[0]), str(asks[0]))
            if is_top
            else depth(sequence, [[str(p), "1"] for p in bids], [[str(p), "1"] for p in asks])
        )
        try:
            book = read_book(codec, frame)
        except DataError:
            continue
        assert [level.price for level in book.bids] == sorted((lv.price for lv in book.bids), reverse=True)
        assert [level.price for level in book.asks] == sorted(lv.price for lv in book.asks)
        if book.sequence == sequence:
            assert is_top is False or (book.bid, book.ask) == (bids[0], asks[0])


@pytest.mark.parametrize(
    ("frame", "series"),
    [
        (b'{"stream":"btcusdt@bookTicker","data":{"u":1}}', "btcusdt@bookTicker"),
        (b'{"data":{"E":[1,{"a":2}]},"stream":"btcusdt@depth@100ms"}', "btcusdt@depth@100ms"),
        (b'{"stream":"!serverShutdown","data":{}}', ""),
        (b'{"result":null,"id":1}', ""),
        (b'{"error":{"code":2},"id":1}', ""),
        (b"[1]", ""),
        (b"\x00\xff", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_only_frames_of_a_stream_take_the_place_of_one_another(frame, series):
    assert BinanceStream(coins=[Coin("BTC")], levels_max=5).series(frame) == series
