"""Both streams: frames as they were seen on the wire, and what they prove."""

import json
from decimal import Decimal
from typing import Any

import pytest

from arb.domain.errors import DataError, Rejected
from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.trading.order import OrderState
from arb.engine.market.stream import Notice
from arb.engine.trading.fills import StreamedReport
from arb.venues.api_key import ApiKey
from arb.venues.bithumb import books
from arb.venues.bithumb.user_stream import BithumbUserStream
from arb.venues.krw.auth import StampedPass
from arb.venues.krw.stream import PAUSE_NS, KrwStream
from arb.venues.reply import parse_json

# Three of fifteen rows as they came on 2026-09-23: stamps in microseconds, four decimals of a size.
FRAME = {
    "type": "orderbook",
    "code": "KRW-ETH",
    "total_ask_size": 369.9832,
    "total_bid_size": 287.0216,
    "orderbook_units": [
        {"ask_price": 3715000, "bid_price": 3714000, "ask_size": 8.4592, "bid_size": 0},
        {"ask_price": 3716000, "bid_price": 3713000, "ask_size": 0.0000, "bid_size": 15.399},
        {"ask_price": 0, "bid_price": 3712000, "ask_size": 0, "bid_size": 135.5129},
    ],
    "level": 1,
    "timestamp": 1790133505546514,
    "stream_type": "SNAPSHOT",
}
SHORT = {
    "type": "ty", "code": "cd", "orderbook_units": "obu", "timestamp": "tms",
    "ask_price": "ap", "bid_price": "bp", "ask_size": "as", "bid_size": "bs",
}  # fmt: skip


def shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {SHORT.get(name, name): shortened(each) for name, each in value.items()}
    return [shortened(each) for each in value] if isinstance(value, list) else value


def stream() -> KrwStream:
    return KrwStream(books.LINE, coins=[Coin("ETH")], levels_max=15, ticket="t")


@pytest.mark.parametrize("frame", [FRAME, shortened(FRAME)], ids=["full names", "short names"])
def test_a_book_leaves_out_what_cannot_be_traded(frame: Any):
    book = stream().read(json.dumps(frame).encode(), 7)
    assert isinstance(book, Book)
    assert (book.venue, book.symbol) == (Venue.BITHUMB, "ETH/KRW")
    assert [(level.price, level.quantity) for level in book.bids] == [
        (Decimal(3_713_000), Decimal("15.399")),
        (Decimal(3_712_000), Decimal("135.5129")),
    ]
    assert [(level.price, level.quantity) for level in book.asks] == [(Decimal(3_715_000), Decimal("8.4592"))]
    assert book.ts_event_ns == 1_790_133_505_546_514_000
    assert book.ts_recv_ns == 7


def test_every_request_names_all_markets_and_that_of_the_rate():
    made = stream()
    (request,) = made.opened()
    assert json.loads(request) == [
        {"ticket": "t"},
        {"type": "orderbook", "codes": ["KRW-USDT", "KRW-ETH"]},
        {"format": "SIMPLE"},
    ]
    made.watch([Coin("ETH")])
    assert made.due(PAUSE_NS) == ()
    made.watch([Coin("XRP")])
    assert made.due(PAUSE_NS - 1) == ()
    (request,) = made.due(PAUSE_NS)
    assert json.loads(request)[1]["codes"] == ["KRW-USDT", "KRW-XRP"]
    assert made.due(2 * PAUSE_NS) == ()
    assert made.rejected() == {}


def test_a_refused_subscription_and_odd_frames_are_told_apart():
    assert stream().read(b'{"status":"UP"}', 1) is Notice.ALIVE
    with pytest.raises(Rejected, match="WRONG_FORMAT"):
        stream().read(b'{"error":{"name":"WRONG_FORMAT","message":"x"}}', 1)
    for frame in (b"{", b'{"type":"ticker"}', json.dumps({**FRAME, "code": "KRW-BTC"}).encode()):
        with pytest.raises(DataError):
            stream().read(frame, 1)


@pytest.mark.parametrize("stamp", [1_790_133_505_546_514, 1_790_133_505_546])
def test_a_book_over_rest_is_stamped_in_either_unit(stamp: int):
    body = parse_json(json.dumps([{**FRAME, "timestamp": stamp}]).encode())
    book = books.book(Symbol("ETH/KRW"), body, 7)
    assert book.ts_event_ns // 1_000_000 == 1_790_133_505_546
    assert (len(book.bids), len(book.asks)) == (2, 1)


USER_STREAM = BithumbUserStream(lambda: StampedPass(ApiKey("key", "secret"), "nonce", 5))
EVENT = {
    "ty": "myOrder", "cd": "KRW-BTC", "coid": "a1-abcdefghijkl2-t1", "oid": "C01", "sd": "buy", "s": "trade",
    "op": 140000000, "oq": 0.01, "tid": "T01", "tp": 140000000, "tq": 0.004, "rq": 0.006, "eq": 0.004,
    "ea": 560000, "pf": 224,
}  # fmt: skip


def report(**changes: object) -> StreamedReport:
    event = {name: value for name, value in (EVENT | changes).items() if value is not None}
    found = USER_STREAM.read(json.dumps(event).encode())
    assert isinstance(found, StreamedReport)
    return found


@pytest.mark.parametrize(
    ("changes", "status", "executed"),
    [
        ({}, OrderState.ACCEPTED, "0.004"),
        ({"s": "wait", "eq": None}, OrderState.ACCEPTED, "0"),
        ({"s": "done"}, OrderState.CANCELED, "0.004"),
        ({"s": "done", "eq": 0.01}, OrderState.FILLED, "0.01"),
        ({"s": "cancel", "eq": None}, OrderState.CANCELED, "0"),
    ],
)
def test_an_event_says_how_much_was_executed_and_brings_no_fill(changes, status, executed):
    """It names no fee of one trade: the fill is asked for."""
    found = report(**changes)
    assert (found.venue, found.report.status, found.executed) == (Venue.BITHUMB, status, Decimal(executed))
    assert (found.report.client_order_id, found.report.fills) == ("a1-abcdefghijkl2-t1", ())


def test_an_order_without_our_id_has_none():
    assert report(coid=None).report.client_order_id == ""


def test_odd_events_are_malformed_or_unexpected():
    for frame in (b"{", b'{"type":"myOrder"}', json.dumps({**EVENT, "s": "gone"}).encode()):
        with pytest.raises(DataError):
            USER_STREAM.read(frame)
    assert USER_STREAM.read(b'{"status":"UP"}') is Notice.PROGRESS
    assert USER_STREAM.read(b'{"type":"myAsset"}') is Notice.ALIVE
    with pytest.raises(Rejected):
        USER_STREAM.read(b'{"error":{"name":"INVALID_AUTH"}}')


def test_the_subscription_is_followed_by_what_is_answered():
    request, ping = USER_STREAM.opened()
    assert json.loads(request)[1] == {"type": "myOrder"}
    assert ping == "PING"
    assert USER_STREAM.headers()["Authorization"].startswith("Bearer ")
