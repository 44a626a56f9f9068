"""The quotation API over HTTP."""

import json

import pytest

PRICE = 100_000_000


def place(upbit, **more):
    return upbit.limit("bid", PRICE, "0.001", **more)


def test_markets_carry_their_warnings(upbit):
    upbit.switch(market_events={"KRW-BTC": {"caution": {"GLOBAL_PRICE_DIFFERENCES": True}}})
    rows = {row["market"]: row for row in upbit.public("/v1/market/all", is_details="true").json}
    assert list(rows) == ["KRW-BTC", "KRW-XRP", "KRW-SOL", "KRW-USDT"]
    assert rows["KRW-BTC"]["market_event"]["caution"]["GLOBAL_PRICE_DIFFERENCES"]
    assert not rows["KRW-XRP"]["market_event"]["caution"]["GLOBAL_PRICE_DIFFERENCES"]
    assert "market_event" not in upbit.public("/v1/market/all").json[0]


def test_quotation_prices_are_numbers_and_order_prices_strings(upbit):
    assert isinstance(upbit.book()[0]["ask_price"], int)
    assert isinstance(place(upbit).json["price"], str)


def test_orderbook_is_sorted_on_the_unit_and_cut_to_count(upbit):
    rows = upbit.book(count=5)
    assert len(rows) == 5
    assert [row["ask_price"] for row in rows] == sorted(row["ask_price"] for row in rows)
    assert rows[0]["ask_price"] > rows[0]["bid_price"]
    assert all(row["ask_price"] % 1000 == row["bid_price"] % 1000 == 0 for row in rows)
    assert all(row["ask_price"] % 100_000 == 0 for row in upbit.book(level=100_000))


@pytest.mark.parametrize(
    ("path", "parameters", "error"),
    [
        ("/v1/orderbook", {}, (400, 400)),
        ("/v1/ticker", {"markets": "KRW-NONE"}, (404, 404)),
        ("/v1/trades/ticks", {"market": "KRW-BTC", "count": "x"}, (400, 400)),
        ("/v1/orderbook", {"markets": "KRW-BTC", "level": "7"}, (400, 400)),
    ],
)
def test_quotation_errors_have_integer_names(upbit, path, parameters, error):
    assert upbit.public(path, **parameters).error == error


def test_ticks_are_newest_first(upbit):
    ticks = upbit.public("/v1/trades/ticks", market="KRW-BTC", count=500).json
    numbers = [tick["sequential_id"] for tick in ticks]
    assert numbers == sorted(numbers, reverse=True)
    assert json.dumps(ticks[0]["trade_price"]).isdigit()
