from decimal import Decimal

import pytest

from arb.sim.core.book import SimulatedBook, SimulatedLevel
from arb.sim.core.ticks import is_multiple, krw_tick
from arb.sim.krw.frames import encode_frame
from arb.sim.krw.public_trades import KrwTrade, change_fields, tick_json, trade_message
from arb.sim.krw.quotation import grouped, grouping_levels, orderbook_fields, price_unit
from arb.sim.krw.tickers import DayStatistics, ticker_json, ticker_message

NOW_NS = 1_696_585_056_910_000_000  # 2023-10-06 09:37:36 UTC
NOW_MS = 1_696_585_056_910


def levels(*rows):
    return tuple(SimulatedLevel(Decimal(price), Decimal(quantity)) for price, quantity in rows)


BOOK = SimulatedBook(
    bids=levels(("137001000", "0.5"), ("136999000", "1"), ("136990000", "2")),
    asks=levels(("137002000", "0.25"), ("137011000", "0.75")),
)
TRADE = KrwTrade(price=Decimal(37625), volume=Decimal("0.00008428"), ask_bid="ASK", ts_ns=NOW_NS, sequence=17)


def test_row_holds_both_sides_and_totals_cover_what_is_shown():
    fields = orderbook_fields(BOOK, NOW_MS, 2)
    assert fields["orderbook_units"][0] == {
        "ask_price": 137_002_000,
        "bid_price": 137_001_000,
        "ask_size": Decimal("0.25"),
        "bid_size": Decimal("0.5"),
    }
    assert (fields["total_ask_size"], fields["total_bid_size"]) == (1, Decimal("1.5"))
    assert fields["timestamp"] == 1_696_585_056_910


def test_shorter_side_is_filled_with_zeros():
    assert orderbook_fields(BOOK, NOW_MS, 30)["orderbook_units"][2]["ask_price"] == 0


def test_grouping_merges_bids_down_and_asks_up():
    book = grouped(BOOK, Decimal(10_000))
    assert book.bids == levels(("137000000", "0.5"), ("136990000", "3"))
    assert book.asks == levels(("137010000", "0.25"), ("137020000", "0.75"))
    assert grouped(BOOK, Decimal(0)) is BOOK


@pytest.mark.parametrize(("price", "word"), [("101", "RISE"), ("100", "EVEN"), ("99", "FALL")])
def test_change_is_signed_and_unsigned(price, word):
    fields = change_fields(Decimal(price), Decimal(100))
    assert fields["change"] == word
    assert fields["change_price"] == abs(fields["signed_change_price"])
    assert fields["signed_change_rate"] * 100 == fields["signed_change_price"]


def test_simple_orderbook_has_the_documented_keys():
    message = {"type": "orderbook", "code": "KRW-BTC", **orderbook_fields(BOOK, NOW_MS, 1)}
    frame = encode_frame(message | {"stream_type": "REALTIME", "level": 0}, "SIMPLE")
    assert frame == (
        b'{"ty":"orderbook","cd":"KRW-BTC","tms":1696585056910,"tas":0.25,"tbs":0.5,'
        b'"obu":[{"ap":137002000.0,"bp":137001000.0,"as":0.25,"bs":0.5}],"st":"REALTIME","lv":0}'
    )


def test_trade_names_its_taker_and_the_best_prices():
    message = trade_message("KRW-ETH", TRADE, Decimal(37296), BOOK, NOW_NS)
    assert (message["trade_date"], message["trade_time"]) == ("2023-10-06", "09:37:36")
    assert (message["change"], message["change_price"], message["ask_bid"]) == ("RISE", 329, "ASK")
    assert b"_" not in encode_frame(message, "SIMPLE")
    assert tick_json("KRW-ETH", TRADE, Decimal(37296))["sequential_id"] == 17


def test_ticker_follows_the_trades():
    day = DayStatistics(opening=Decimal(37296), high=Decimal(37296), low=Decimal(37296), last=TRADE)
    day.count(TRADE)
    ticker = ticker_json("KRW-ETH", day, NOW_NS)
    assert (ticker["high_price"], ticker["trade_price"], ticker["opening_price"]) == (37625, 37625, 37296)
    assert (ticker["trade_time"], ticker["trade_time_kst"]) == ("093736", "183736")
    simple = encode_frame(ticker_message("KRW-ETH", day, NOW_NS), "SIMPLE")
    assert b'"tdt":"20231006"' in simple
    assert b"_" not in simple


@pytest.mark.parametrize(
    ("price", "unit"),
    [
        ("2000000", "1000"),
        ("1999999.9", "1000"),
        ("1000000", "1000"),
        ("999999", "500"),
        ("500000", "500"),
        ("499999", "100"),
        ("100000", "100"),
        ("99999", "50"),
        ("50000", "50"),
        ("49999", "10"),
        ("10000", "10"),
        ("9999", "5"),
        ("5000", "5"),
        ("4999", "1"),
        ("1000", "1"),
        ("999", "1"),
        ("100", "1"),
        ("99.9", "0.1"),
        ("10", "0.1"),
        ("9.99", "0.01"),
        ("1", "0.01"),
        ("0.999", "0.001"),
        ("0.1", "0.001"),
        ("0.0999", "0.0001"),
        ("0.01", "0.0001"),
        ("0.00999", "0.00001"),
        ("0.001", "0.00001"),
        ("0.000999", "0.000001"),
        ("0.0001", "0.000001"),
        ("0.0000999", "0.0000001"),
        ("0.00001", "0.0000001"),
        ("0.00000999", "0.00000001"),
        ("0", "0.00000001"),
    ],
)
def test_unit_at_every_boundary(price, unit):
    assert price_unit("KRW-BTC", Decimal(price), {}, krw_tick) == Decimal(unit)


@pytest.mark.parametrize(("price", "taken"), [("100000000", True), ("100000500", False), ("1400.5", False)])
def test_price_between_units_is_not_taken(price, taken):
    assert is_multiple(Decimal(price), price_unit("KRW-BTC", Decimal(price), {}, krw_tick)) is taken


def test_market_override_replaces_the_table():
    overrides = {"KRW-USDT": Decimal("0.5")}
    assert price_unit("KRW-USDT", Decimal(1400), overrides, krw_tick) == Decimal("0.5")
    assert price_unit("KRW-XRP", Decimal(1400), overrides, krw_tick) == 1


def test_grouping_levels_are_multiples_of_the_unit():
    assert grouping_levels(Decimal(1000)) == ["0", "10000", "100000", "1000000", "10000000"]
