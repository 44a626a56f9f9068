"""A book of a grid is the same book, and its text the same text."""

import json
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.sim.binance.frames import book_ticker, partial_depth
from arb.sim.binance.wire import rows, top
from arb.sim.core.book import Grid, SimulatedBook
from arb.sim.core.market import build_market
from arb.sim.krw.frames import encode_frame
from arb.sim.krw.live_book import live_book
from arb.sim.krw.quotation import orderbook_fields
from tests.sim.core.worlds import book, config

COINS = ["BTC", "DOGE", "XRP", "A1", "B2"]


def some_books(venue):
    market = build_market(config(coins=COINS))
    return [each for step in range(5) for each in market.books(venue, step).values()]


def plain(made):
    return SimulatedBook(bids=made.bids, asks=made.asks)


def test_levels_of_a_grid_are_exact():
    made = SimulatedBook.of_grid(
        Grid(
            tick=Decimal("0.01"),
            lot=Decimal("0.001"),
            bids=lambda _: ([10001], [3]),
            asks=lambda _: ([10002], [5]),
        )
    )
    assert made.bids == ((Decimal("100.01"), Decimal("0.003")),)
    assert made == plain(made)
    assert hash(made) == hash(plain(made))


def test_the_same_top_is_the_same_whatever_lies_below():
    one, other = (book(bids=(("99", "1"), (below, "2"))) for below in ("98", "97"))
    assert one.top() == other.top() != book(bids=(("99", "2"),)).top()


@pytest.mark.parametrize("depth", [5, 20])
def test_binance_text_is_what_decimals_say(depth):
    for made in (*some_books(Venue.BINANCE), book(bids=())):
        told = json.loads(partial_depth(7, made, depth))
        assert told == {"lastUpdateId": 7, "bids": rows(made.bids[:depth]), "asks": rows(made.asks[:depth])}
        ticker = json.loads(book_ticker("BTC", 7, made))
        assert ((ticker["b"], ticker["B"]), (ticker["a"], ticker["A"])) == (top(made.bids), top(made.asks))


@pytest.mark.parametrize("form", ["DEFAULT", "SIMPLE", "JSON_LIST", "SIMPLE_LIST"])
@pytest.mark.parametrize("units", [1, 5, 15, 30])
def test_upbit_text_is_what_decimals_say(form, units):
    for made in some_books(Venue.UPBIT):
        slow = {"type": "orderbook", "code": "KRW-BTC", **orderbook_fields(made, 5_000_000, units)}
        wanted = encode_frame(slow | {"stream_type": "REALTIME", "level": 0}, form)
        assert json.loads(live_book("KRW-BTC", made, units, 5_000_000, form)) == json.loads(wanted)


@pytest.mark.parametrize("venue", list(Venue))
@pytest.mark.parametrize("depth", [1, 2, 24, 25, 26, 100])
def test_any_depth_is_the_beginning_of_the_whole(venue, depth):
    for made in some_books(venue):
        for told, side in zip(made.floats(depth), (made.bids, made.asks), strict=True):
            wanted = [(float(level.price), float(level.quantity)) for level in side[:depth]]
            assert list(zip(*told, strict=True)) == wanted
        assert (made.touch(True), made.touch(False)) == (made.bids[0], made.asks[0])


def test_a_book_with_uneven_sides_is_left_to_the_long_way():
    assert live_book("KRW-BTC", book(asks=()), 15, 5, "DEFAULT") is None
