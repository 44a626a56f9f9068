"""The quotation API over HTTP."""

import re
import time
from contextlib import closing
from datetime import datetime
from http.client import HTTPConnection

import pytest

from tests.sim.upbit.client import KEY

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
    raw = raw_text(upbit, "/v1/orderbook?markets=KRW-BTC")
    assert re.search(r'"ask_price":\d+\.\d{8},"bid_price":\d+\.\d{8},', raw)
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
    assert isinstance(ticks[0]["trade_price"], float)


def test_a_change_of_nothing_is_a_bare_zero_and_everything_else_has_a_point(upbit):
    with upbit.socket({"type": "ticker", "codes": ["KRW-BTC"]}) as socket:
        text = socket.recv_data()[1].decode()
    numbers = re.findall(r'"(\w*(?:price|rate|volume))":(-?[\d.eE+-]+)', text)
    assert len(numbers) > 8
    for name, written in numbers:
        assert "." in written or (written == "0" and "change" in name), (name, written)


def test_unknown_paths_are_answered_with_json_and_what_is_left(upbit):
    for method, path, status in (("GET", "/v1/no/such", 404), ("PUT", "/v1/orderbook", 405)):
        reply = upbit.send(method, path)
        assert reply.status == status
        assert set(reply.json["error"]) == {"name", "message"}
        assert reply.headers["Remaining-Req"].startswith("group=default; min=")


def test_every_ticker_of_a_quote_currency_comes_at_once(upbit):
    rows = upbit.public("/v1/ticker/all", quote_currencies="KRW").json
    assert [row["market"] for row in rows] == ["KRW-BTC", "KRW-XRP", "KRW-SOL", "KRW-USDT"]
    (one,) = upbit.public("/v1/ticker", markets="KRW-XRP").json
    assert set(one) == set(rows[1])
    assert upbit.public("/v1/ticker/all", quote_currencies="BTC").json == []
    assert upbit.public("/v1/ticker/all").status == 400


def test_supported_levels_are_those_of_the_instruments_as_numbers(upbit):
    (levels,) = upbit.public("/v1/orderbook/supported_levels", markets="KRW-BTC").json
    (instrument,) = upbit.public("/v1/orderbook/instruments", markets="KRW-BTC").json
    numbers = [float(level) for level in instrument["supported_levels"]]
    assert levels == {"market": "KRW-BTC", "supported_levels": numbers}
    assert all(isinstance(level, str) for level in instrument["supported_levels"])


def test_the_key_and_when_it_ends_are_listed(upbit):
    (row,) = upbit.get("/v1/api_keys").json
    assert row["access_key"] == KEY
    assert datetime.fromisoformat(row["expire_at"]).timestamp() > time.time()


def raw_text(client, target):
    with closing(HTTPConnection("127.0.0.1", client.port, timeout=10)) as connection:
        connection.request("GET", target)
        return connection.getresponse().read().decode()
