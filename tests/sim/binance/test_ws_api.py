"""The WebSocket API and user data over real sockets."""

import json

import pytest


@pytest.fixture
def api(binance):
    with binance.socket("/ws-api/v3") as socket:
        yield socket


def events(socket, count):
    return [json.loads(socket.recv())["event"] for _ in range(count)]


def place(client, socket, client_id, **params):
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "IOC", "quantity": "0.001"}
    return client.call(socket, "order.place", "p", **order | {"newClientOrderId": client_id} | params)


def test_request_is_answered_under_its_id_with_rate_limits(binance, api):
    for identity in (7, "text", None):
        api.send(json.dumps({"id": identity, "method": "time"}))
        answer = json.loads(api.recv())
        assert (answer["id"], answer["status"]) == (identity, 200)
        assert [row["rateLimitType"] for row in answer["rateLimits"]] == ["REQUEST_WEIGHT"]


def test_order_is_placed_asked_for_and_cancelled(binance, api):
    placed = place(binance, api, "api-1", timeInForce="GTC", price=binance.rest_price())
    assert placed["result"]["status"] == "NEW"
    asked = {"symbol": "BTCUSDT", "origClientOrderId": "api-1"}
    assert binance.call(api, "order.status", **asked)["result"]["status"] == "NEW"
    assert binance.call(api, "order.cancel", **asked)["result"]["status"] == "CANCELED"
    refused = binance.call(api, "order.cancel", **asked)
    assert (refused["status"], refused["error"]["code"]) == (400, -2011)
    assert binance.call(api, "account.status")["result"]["accountType"] == "SPOT"


def test_fill_is_reported_in_order_with_balances(binance, api):
    assert binance.call(api, "userDataStream.subscribe.signature")["result"] == {"subscriptionId": 0}
    binance.order("SELL", "MARKET", quantity="0.001", newClientOrderId="told")
    new, position, trade, _ = events(api, 4)
    assert (new["x"], new["X"], new["c"], new["t"]) == ("NEW", "NEW", "told", -1)
    assert position["e"] == "outboundAccountPosition"
    assert (trade["x"], trade["X"], trade["N"]) == ("TRADE", "FILLED", "USDT")
    assert (trade["l"], trade["z"]) == ("0.00100000", "0.00100000")
    assert trade["i"] == binance.find("told").json["orderId"]


def test_cancel_is_reported_under_the_cancels_id(binance, api):
    binance.call(api, "userDataStream.subscribe.signature")
    binance.order(timeInForce="GTC", quantity="0.001", price=binance.rest_price(), newClientOrderId="orig")
    binance.cancel("orig", newClientOrderId="ender")
    report = events(api, 4)[2]
    assert (report["x"], report["c"], report["C"]) == ("CANCELED", "ender", "orig")


def test_expiry_is_reported_with_its_reason(binance, api):
    binance.call(api, "userDataStream.subscribe.signature")
    binance.order(quantity="0.001", price=binance.rest_price(), newClientOrderId="expires")
    report = events(api, 4)[2]
    assert (report["X"], report["eR"]) == ("EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED")


def test_one_subscription_per_connection(binance, api):
    subscribe, end = "userDataStream.subscribe.signature", "userDataStream.unsubscribe"
    binance.call(api, subscribe)
    assert binance.call(api, subscribe)["error"]["code"] == -2035
    assert binance.call(api, end)["status"] == 200
    assert binance.call(api, end)["error"]["code"] == -2036
    assert binance.call(api, subscribe)["result"] == {"subscriptionId": 1}


def test_wrong_signature_and_unknown_method_are_refused(binance, api):
    api.send(json.dumps({"id": 1, "method": "account.status", "params": {"apiKey": "test-key"}}))
    assert json.loads(api.recv())["error"]["code"] == -1102
    api.send(json.dumps({"id": 2, "method": "dance"}))
    assert json.loads(api.recv())["status"] == 400
    api.send("{")
    assert json.loads(api.recv())["status"] == 400


def test_lost_reply_leaves_the_order_and_the_connection(binance, api):
    binance.fault(kind="accept_then_drop_reply", count=1)
    sent = {"price": binance.buy_price(), "newClientOrderId": "api-lost"}
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "IOC", "quantity": "0.001"}
    binance.call_unanswered(api, "order.place", **order | sent)
    binance.until(lambda: binance.known("api-lost"))
    assert binance.call(api, "account.status")["status"] == 200
