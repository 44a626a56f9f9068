"""REST over real sockets: what a client sees when it trades."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from http.client import HTTPConnection

import pytest

from tests.sim.binance.client import sign


def test_time_is_the_servers_and_answers_carry_the_used_weight(binance):
    reply = binance.public("/api/v3/time")
    assert abs(reply.json["serverTime"] - time.time_ns() // 1_000_000) < 5_000
    assert int(reply.headers["X-MBX-USED-WEIGHT-1M"]) > 0


def test_exchange_info_of_one_some_and_all_symbols(binance):
    def names(**params):
        return [one["symbol"] for one in binance.public("/api/v3/exchangeInfo", **params).json["symbols"]]

    assert names() == ["BTCUSDT", "ETHUSDT"]
    assert names(symbol="ETHUSDT") == ["ETHUSDT"]
    assert names(symbols='["BTCUSDT"]') == ["BTCUSDT"]
    assert binance.public("/api/v3/exchangeInfo", symbol="NOPE").error == (400, -1121, "Invalid symbol.")
    assert binance.public("/api/v3/exchangeInfo", symbols="BTCUSDT").error[1] == -1100


def test_depth_is_sorted_and_its_id_rises(binance):
    first = binance.public("/api/v3/depth", symbol="BTCUSDT", limit=5).json
    assert len(first["bids"]) == len(first["asks"]) == 5
    assert float(first["bids"][0][0]) < float(first["asks"][0][0])
    binance.until(
        lambda: binance.public("/api/v3/depth", symbol="BTCUSDT").json["lastUpdateId"] > first["lastUpdateId"]
    )


def test_ioc_order_answers_in_full_with_commission_in_the_received_asset(binance):
    reply = binance.order(quantity="0.02", price=binance.buy_price(), newClientOrderId="full-1")
    answer = reply.json
    assert (answer["status"], answer["executedQty"], answer["type"]) == ("FILLED", "0.02000000", "LIMIT")
    assert sum(float(fill["qty"]) for fill in answer["fills"]) == pytest.approx(0.02)
    for fill in answer["fills"]:
        assert fill["commissionAsset"] == "BTC"
        assert float(fill["commission"]) == pytest.approx(float(fill["qty"]) * 0.001, abs=1e-8)
    assert "X-MBX-ORDER-COUNT-10S" in reply.headers


@pytest.mark.parametrize(
    ("size", "has_status", "has_fills"),
    [("ACK", False, False), ("RESULT", True, False), ("FULL", True, True)],
)
def test_answer_is_as_long_as_asked_for(binance, size, has_status, has_fills):
    answer = binance.order(quantity="0.001", price=binance.buy_price(), newOrderRespType=size).json
    assert ("status" in answer, "fills" in answer) == (has_status, has_fills)


def test_ioc_remainder_is_expired_with_a_reason(binance):
    answer = binance.order(quantity="5", price=f"{binance.top()[1]:.2f}").json
    assert answer["status"] == "EXPIRED"
    assert answer["expiryReason"] == "UNFILLED_IOC_QUANTITY_EXPIRED"
    assert 0 <= float(answer["executedQty"]) < 5


def test_market_sell_pays_commission_in_quote_and_market_buy_takes_quote_amounts(binance):
    sold = binance.order("SELL", "MARKET", quantity="0.01").json
    assert (sold["status"], sold["fills"][0]["commissionAsset"]) == ("FILLED", "USDT")
    bought = binance.order("BUY", "MARKET", quoteOrderQty="100").json
    assert bought["status"] == "FILLED" and bought["origQuoteOrderQty"] == "100.00000000"
    assert 95 < float(bought["cummulativeQuoteQty"]) <= 100


def test_client_id_is_unique_among_open_orders_only(binance):
    resting = {"timeInForce": "GTC", "quantity": "0.001", "price": binance.rest_price()}
    assert binance.order(newClientOrderId="again", **resting).json["status"] == "NEW"
    duplicate = binance.order(newClientOrderId="again", **resting)
    assert duplicate.error == (400, -2010, "Duplicate order sent.")
    assert binance.cancel("again").json["status"] == "CANCELED"
    for _ in range(2):
        filled = binance.order(quantity="0.001", price=binance.buy_price(), newClientOrderId="again")
        assert filled.json["status"] == "FILLED"
    assert len(binance.known("again")) == 3


def test_resting_order_locks_shows_up_and_is_cancelled_under_the_cancels_id(binance):
    before = balance(binance, "USDT")["locked"]
    binance.order(timeInForce="GTC", quantity="0.001", price="60000", newClientOrderId="rests")
    assert balance(binance, "USDT")["locked"] == "60.00000000" and before == "0.00000000"
    (shown,) = binance.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json
    assert shown["clientOrderId"] == "rests"
    answer = binance.cancel("rests", newClientOrderId="the-cancel").json
    assert (answer["clientOrderId"], answer["origClientOrderId"]) == ("the-cancel", "rests")
    found = binance.find("rests").json
    assert (found["clientOrderId"], found["status"]) == ("rests", "CANCELED")
    assert balance(binance, "USDT")["locked"] == "0.00000000"


def balance(client, asset):
    rows = client.signed("GET", "/api/v3/account", omitZeroBalances="true").json["balances"]
    return next(row for row in rows if row["asset"] == asset)


def test_cancel_restrictions_and_unknown_orders(binance):
    binance.order(timeInForce="GTC", quantity="0.001", price=binance.rest_price(), newClientOrderId="strict")
    refused = binance.cancel("strict", cancelRestrictions="ONLY_PARTIALLY_FILLED")
    assert refused.error == (400, -2011, "Order was not canceled due to cancel restrictions.")
    assert binance.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT").json[0]["status"] == "CANCELED"
    assert binance.cancel("strict").error == (400, -2011, "Unknown order sent.")
    assert binance.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT").error[1] == -2011


def test_orders_and_trades_are_found_by_their_ids(binance):
    placed = binance.order(quantity="0.002", price=binance.buy_price(), newClientOrderId="find-me").json
    both = {"symbol": "BTCUSDT", "orderId": placed["orderId"], "origClientOrderId": "find-me"}
    assert binance.signed("GET", "/api/v3/order", **both).json["executedQty"] == "0.00200000"
    wrong = binance.signed("GET", "/api/v3/order", **both | {"origClientOrderId": "other"})
    assert wrong.error == (400, -2039, "Client order ID is not correct for this order ID.")
    assert binance.find("find-me", symbol="ETHUSDT").error[1] == -2013
    assert binance.signed("GET", "/api/v3/order", symbol="BTCUSDT").error[1] == -1102
    trades = binance.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT", orderId=placed["orderId"]).json
    assert [trade["id"] for trade in trades] == [fill["tradeId"] for fill in placed["fills"]]
    later = binance.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT", fromId=trades[-1]["id"]).json
    assert later[0]["id"] == trades[-1]["id"]
    newest = binance.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT", limit=1).json
    assert newest[0]["clientOrderId"] == "find-me"


def test_engine_refusals(binance):
    price = binance.buy_price()
    poor = binance.order(quantity="50", price=price)
    assert poor.error == (400, -2010, "Account has insufficient balance for requested action.")
    maker = binance.order(kind="LIMIT_MAKER", quantity="0.001", price=price)
    assert maker.error == (400, -2010, "Order would immediately match and take.")


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"key": None}, (401, -2014)),
        ({"key": "someone-else"}, (401, -2015)),
        ({"signature": "00"}, (400, -1022)),
        ({"timestamp": 1}, (400, -1021)),
        ({"timestamp": 4_000_000_000_000}, (400, -1021)),
    ],
)
def test_request_without_proof_never_reaches_the_engine(binance, params, error):
    reply = binance.order(quantity="0.001", price="1", newClientOrderId="nobody", **params)
    assert reply.error[:2] == error
    assert not binance.known("nobody")


def test_parameters_may_come_in_the_body_and_signed_in_two_parts(binance):
    query = "symbol=BTCUSDT&side=SELL&type=MARKET"
    body = f"quantity=0.001&timestamp={time.time_ns() // 1_000_000}"
    signed = f"{body}&signature={sign(query + body)}"
    headers = {"X-MBX-APIKEY": "test-key", "Content-Type": "application/x-www-form-urlencoded"}
    assert binance.send("POST", "/api/v3/order", query, signed, headers).json["status"] == "FILLED"


def test_order_test_checks_and_places_nothing(binance):
    path, order = "/api/v3/order/test", {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}
    before = len(binance.sim("orders")["orders"])
    assert binance.signed("POST", path, quantity="0.001", **order).json == {}
    assert binance.signed("POST", path, quantity="0.0000001", **order).error[1] == -1013
    rates = binance.signed("POST", path, quantity="0.001", computeCommissionRates="true", **order).json
    assert rates["standardCommissionForOrder"]["taker"] == "0.00100000"
    assert len(binance.sim("orders")["orders"]) == before


def test_account_commission_and_order_counts(binance):
    assert binance.signed("GET", "/api/v3/account").json["commissionRates"]["taker"] == "0.00100000"
    rates = binance.signed("GET", "/api/v3/account/commission", symbol="BTCUSDT").json
    assert rates["standardCommission"]["maker"] == "0.00100000"
    counts = binance.signed("GET", "/api/v3/rateLimit/order").json
    assert [(row["interval"], row["intervalNum"]) for row in counts] == [("SECOND", 10), ("DAY", 1)]


def test_parallel_orders_all_get_their_own_fills_and_nothing_is_lost(binance):
    def place(number):
        way = "BUY" if number % 2 else "SELL"
        return binance.order(way, "MARKET", quantity="0.001", newClientOrderId=f"par-{number}").json

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(place, range(40)))
    assert {answer["status"] for answer in answers} == {"FILLED"}
    fills = binance.sim("fills")["fills"]
    assert len({fill["fill_id"] for fill in fills}) == len(fills)
    assert_books_balance(binance)


def assert_books_balance(client):
    """Check the account against its fills: initial + bought - sold - fees."""
    balances, fills = client.sim("balances"), client.sim("fills")["fills"]
    expected = {asset: Decimal(amount) for asset, amount in balances["initial"].items()}
    for fill in fills:
        sign_of = 1 if fill["side"] == "BUY" else -1
        quantity, price = Decimal(fill["quantity"]), Decimal(fill["price"])
        for asset, change in ((fill["coin"], quantity * sign_of), ("USDT", -quantity * price * sign_of)):
            expected[asset] = expected.get(asset, Decimal(0)) + change
        expected[fill["fee_asset"]] -= Decimal(fill["fee"])
    for asset, amount in expected.items():
        current = balances["current"][asset]
        assert Decimal(current["free"]) + Decimal(current["locked"]) == amount


def test_admin_refuses_nonsense(binance):
    assert binance.send("GET", "/sim/journal", "since=x").status == 400
    assert binance.send("POST", "/sim/faults", body=json.dumps({"kind": "earthquake"})).status == 400
    assert binance.send("DELETE", "/sim/faults", "id=x").status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v3/noSuch", 404),
        ("POST", "/api/v3/userDataStream", 404),
        ("GET", "/sapi/v1/noSuch", 404),
        ("PATCH", "/api/v3/order", 405),
    ],
)
def test_unknown_path_is_answered_with_an_empty_body_as_python_binance_issue_1614_shows(
    binance, method, path, status
):
    with closing(HTTPConnection("127.0.0.1", binance.port, timeout=10)) as connection:
        connection.request(method, path)
        reply = connection.getresponse()
        assert (reply.status, reply.read()) == (status, b"")
        assert (reply.headers["Server"], reply.headers["Content-Length"]) == ("nginx", "0")


def test_unknown_path_of_the_simulator_itself_says_so(binance):
    with closing(HTTPConnection("127.0.0.1", binance.port, timeout=10)) as connection:
        connection.request("GET", "/sim/noSuch")
        assert b"Not Found" in connection.getresponse().read()
