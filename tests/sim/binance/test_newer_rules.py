"""What the venue changed lately, or what clients often get wrong, row by row over real sockets."""

import json
import time

import pytest

from arb.sim.binance.streams import farewell_of


def place(client, **params):
    return client.order(**{"quantity": "0.001", "price": client.buy_price()} | params)


def used_weight(reply):
    return int(reply.headers["X-MBX-USED-WEIGHT-1M"])


def test_lists_from_a_time_on_begin_with_the_oldest_and_go_on_by_id(binance):
    start_ms = time.time_ns() // 1_000_000
    placed = [place(binance, newClientOrderId=f"page-{number}").json for number in range(5)]
    window = {"symbol": "BTCUSDT", "startTime": start_ms, "limit": 2}
    first = binance.signed("GET", "/api/v3/allOrders", **window).json
    assert [row["clientOrderId"] for row in first] == ["page-0", "page-1"]
    more = {"symbol": "BTCUSDT", "orderId": first[-1]["orderId"] + 1, "limit": 2}
    assert [row["clientOrderId"] for row in binance.signed("GET", "/api/v3/allOrders", **more).json] == [
        "page-2",
        "page-3",
    ]
    trades = binance.signed("GET", "/api/v3/myTrades", **window).json
    assert trades[0]["orderId"] == placed[0]["orderId"]
    newest = binance.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT", limit=1).json
    assert newest[0]["clientOrderId"] == "page-4"


def test_a_parameter_that_nobody_reads_is_counted_among_those_that_were_sent(binance):
    error = place(binance, quantitty="1").error
    # symbol, side, type, timeInForce, quantity, price, timestamp and signature, and the one that is misspelt
    assert error == (400, -1104, "Not all sent parameters were read; read '8' parameter(s) but was sent '9'.")


def test_a_prevention_mode_that_the_symbol_does_not_allow_is_refused(binance):
    text = "This symbol does not allow the specified self-trade prevention mode."
    assert place(binance, selfTradePreventionMode="NONE").error == (400, -1013, text)
    assert place(binance, selfTradePreventionMode="EXPIRE_MAKER").status == 200


def test_a_prevented_order_says_how_much_of_it(binance):
    price = binance.rest_price()
    place(binance, price=price, timeInForce="GTC", newClientOrderId="maker")
    binance.order(side="SELL", quantity="9", price=price, newClientOrderId="taker")
    found = binance.find("maker").json
    assert (found["status"], found["preventedQuantity"]) == ("EXPIRED_IN_MATCH", "0.00100000")
    assert found["preventedMatchId"] > 0


def test_placing_and_canceling_cost_no_weight_unless_refused(binance):
    order = {"quantity": "0.001", "price": binance.rest_price(), "timeInForce": "GTC"}
    before = used_weight(binance.public("/api/v3/ping"))
    assert binance.order(newClientOrderId="free", **order).status == 200
    assert binance.cancel("free").status == 200
    after = used_weight(binance.public("/api/v3/ping"))
    assert after == before + 1 or after < before  # a new minute began
    refused_at = used_weight(binance.cancel("free"))
    assert used_weight(binance.cancel("free")) in (refused_at + 1, 1)


def test_an_order_that_is_refused_is_not_counted(binance):
    def count():
        return binance.signed("GET", "/api/v3/rateLimit/order").json[1]["count"]

    before = count()
    assert place(binance, quantity="50").error[1] == -2010
    assert count() == before
    place(binance, timeInForce="GTC", price=binance.rest_price(), newClientOrderId="counted")
    assert count() == before + 1
    binance.cancel("counted")


def test_rules_as_they_are_now(binance):
    info = binance.public("/api/v3/exchangeInfo", symbol="BTCUSDT").json
    assert {
        "rateLimitType": "RAW_REQUESTS",
        "interval": "MINUTE",
        "intervalNum": 5,
        "limit": 300_000,
    } in info["rateLimits"]
    symbol = info["symbols"][0]
    assert {"filterType": "ICEBERG_PARTS", "limit": 100} in symbol["filters"]
    assert {symbol["opoAllowed"], symbol["pegInstructionsAllowed"]} == {False}


def test_weights_of_what_is_asked_for_in_full(binance):
    asked = binance.public("/api/v3/ticker/24hr", symbols='["BTCUSDT","ETHUSDT"]')
    assert used_weight(binance.public("/api/v3/ticker/24hr", symbols='["BTCUSDT","ETHUSDT"]')) in (
        used_weight(asked) + 2,
        2,
    )
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
    first = binance.signed("POST", "/api/v3/order/test", computeCommissionRates="true", **order)
    second = binance.signed("POST", "/api/v3/order/test", computeCommissionRates="true", **order)
    assert used_weight(second) in (used_weight(first) + 20, 20)


def test_a_mini_ticker_is_shorter(binance):
    mini = binance.public("/api/v3/ticker/24hr", symbol="BTCUSDT", type="MINI").json
    assert {"symbol", "lastPrice", "volume"} <= set(mini)
    assert "bidPrice" not in mini
    assert binance.public("/api/v3/ticker/24hr", symbol="BTCUSDT", type="HUGE").error[1] == -1100


def test_times_in_microseconds_for_those_who_ask(binance):
    headers = {"X-MBX-TIME-UNIT": "MICROSECOND"}
    assert binance.send("GET", "/api/v3/time", headers=headers).json["serverTime"] > 10**15
    assert binance.public("/api/v3/time").json["serverTime"] < 10**14
    with binance.socket("/stream?streams=btcusdt@depth@100ms&timeUnit=MICROSECOND") as socket:
        data = json.loads(socket.recv())["data"]
        assert data["E"] > 10**15 > data["u"]
    with binance.socket("/ws-api/v3?timeUnit=MICROSECOND") as socket:
        socket.send('{"id": 1, "method": "time"}')
        assert json.loads(socket.recv())["result"]["serverTime"] > 10**15


def test_a_strategy_is_repeated_and_its_type_checked(binance):
    with binance.socket("/ws-api/v3") as socket:
        binance.call(socket, "userDataStream.subscribe.signature")
        reply = place(binance, strategyId=37, strategyType=1_000_000, newClientOrderId="strategic")
        assert (reply.json["strategyId"], reply.json["strategyType"]) == (37, 1_000_000)
        event = json.loads(socket.recv())["event"]
        assert (event["j"], event["J"]) == (37, 1_000_000)
    assert binance.find("strategic").json["strategyId"] == 37
    assert place(binance, strategyType=999_999).error == (400, -1134, "strategyType was less than 1000000.")


def test_the_websocket_api_says_what_is_no_json_and_hides_limits_if_asked(binance):
    with binance.socket("/ws-api/v3?returnRateLimits=false") as socket:
        socket.send("{")
        assert json.loads(socket.recv())["error"]["code"] == -1135
        socket.send('{"id": 1, "method": "ping"}')
        assert "rateLimits" not in json.loads(socket.recv())
        socket.send('{"id": 2, "method": "ping", "params": {"returnRateLimits": true}}')
        assert [row["rateLimitType"] for row in json.loads(socket.recv())["rateLimits"]] == ["REQUEST_WEIGHT"]
        placed = binance.call(
            socket, "order.place", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.001",
            returnRateLimits="true", identity="3",
        )  # fmt: skip
        assert {row["rateLimitType"] for row in placed["rateLimits"]} == {"ORDERS", "REQUEST_WEIGHT"}


@pytest.mark.parametrize(
    ("wrapped", "wanted"),
    [
        (True, b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":5}}'),
        (False, b'{"e":"serverShutdown","E":5}'),
    ],
)
def test_the_warning_before_the_end_is_in_the_form_of_the_connection(wrapped, wanted):
    assert farewell_of(wrapped)(5) == wanted
