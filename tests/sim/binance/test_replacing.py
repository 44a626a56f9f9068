"""Orders that are changed: another in its place, less of the same, or less for having met one of our own."""

import json

import pytest

from tests.sim.binance.conftest import running

REPLACE = "/api/v3/order/cancelReplace"


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """A simulator whose market stands still."""
    with running(tmp_path_factory.mktemp("still")) as client:
        yield client


def subscribe(client, socket):
    """Subscribe a connection to what happens to the account's orders."""
    assert client.call(socket, "userDataStream.subscribe.signature")["status"] == 200


@pytest.fixture
def resting(binance):
    """Return the client id of an order that rests, far from the market."""
    name = f"rests-{binance.sim('health')['seq']}"
    made = binance.order(
        price=binance.rest_price(), quantity="0.01", timeInForce="GTC", newClientOrderId=name
    )
    assert made.json["status"] == "NEW"
    yield name
    binance.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")


def replace(client, old, **params):
    given = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.02",
        "price": client.rest_price(),
        "cancelReplaceMode": "STOP_ON_FAILURE",
        "cancelOrigClientOrderId": old,
    }
    return client.signed("POST", REPLACE, **given | params)


def test_another_order_takes_the_place_of_one(binance, resting):
    reply = replace(binance, resting, newClientOrderId=f"{resting}-new", cancelNewClientOrderId="cancel-1")
    assert (reply.status, reply.json["cancelResult"], reply.json["newOrderResult"]) == (
        200,
        "SUCCESS",
        "SUCCESS",
    )
    assert reply.json["cancelResponse"]["clientOrderId"] == "cancel-1"
    assert reply.json["newOrderResponse"]["origQty"] == "0.02000000"
    assert binance.find(resting).json["status"] == "CANCELED"
    assert binance.find(f"{resting}-new").json["status"] == "NEW"


def test_what_cannot_be_cancelled_is_not_replaced_unless_that_is_allowed(binance):
    stopped = replace(binance, "nobody", newClientOrderId="not-placed")
    assert stopped.error == (400, -2022, "Order cancel-replace failed.")
    assert stopped.json["data"] == {
        "cancelResult": "FAILURE",
        "newOrderResult": "NOT_ATTEMPTED",
        "cancelResponse": {"code": -2011, "msg": "Unknown order sent."},
        "newOrderResponse": None,
    }
    assert binance.known("not-placed") == []
    allowed = replace(binance, "nobody", newClientOrderId="placed", cancelReplaceMode="ALLOW_FAILURE")
    assert allowed.error == (409, -2021, "Order cancel-replace partially failed.")
    assert allowed.json["data"]["newOrderResponse"]["clientOrderId"] == "placed"
    assert [order["client_id"] for order in binance.known("placed")] == ["placed"]
    binance.cancel("placed")


def test_a_cancelled_order_whose_successor_is_refused_is_half_a_failure(binance, resting):
    reply = replace(binance, resting, quantity="50", newClientOrderId="too-dear")
    assert reply.error[:2] == (409, -2021)
    assert reply.json["data"]["newOrderResponse"]["code"] == -2010
    assert binance.find(resting).json["status"] == "CANCELED"


def test_form_and_filters_are_judged_before_anything_is_cancelled(binance, resting):
    assert replace(binance, resting, quantity="0.0000001").error[1] == -1013
    assert replace(binance, resting, cancelReplaceMode="MAYBE").error[1] == -1100
    assert replace(binance, resting, cancelReplaceMode="").error[1] in (-1102, -1105)
    assert binance.find(resting).json["status"] == "NEW"


def amend(client, name, quantity, **params):
    given = {"symbol": "BTCUSDT", "origClientOrderId": name, "newQty": quantity}
    return client.signed("PUT", "/api/v3/order/amend/keepPriority", **given | params)


def test_an_order_may_ask_for_less_and_says_so_everywhere(binance, resting):
    with binance.socket("/ws-api/v3") as socket:
        subscribe(binance, socket)
        reply = amend(binance, resting, "0.004", newClientOrderId=resting)
        report = json.loads(socket.recv())["event"]
    shown = reply.json["amendedOrder"]
    assert (shown["qty"], shown["clientOrderId"], shown["status"]) == ("0.00400000", resting, "NEW")
    assert (report["x"], report["q"], report["C"]) == ("REPLACED", "0.00400000", resting)
    found = binance.find(resting).json
    assert found["origQty"] == "0.00400000"
    (line,) = binance.signed(
        "GET", "/api/v3/order/amendments", symbol="BTCUSDT", orderId=found["orderId"]
    ).json
    assert (line["origQty"], line["newQty"]) == ("0.01000000", "0.00400000")
    assert line["executionId"] == reply.json["executionId"]


def test_an_amended_order_has_another_name_unless_it_is_kept(binance, resting):
    number = binance.find(resting).json["orderId"]
    name = amend(binance, resting, "0.004").json["amendedOrder"]["clientOrderId"]
    assert name != resting
    assert binance.find(name).json["orderId"] == number
    assert binance.find(resting).error[1] == -2013


def test_an_order_cannot_ask_for_more_or_the_same_or_too_often(binance, resting):
    assert amend(binance, resting, "0.02").error[1:] == (
        -2038,
        "Order amend (quantity increase) is not supported.",
    )
    assert amend(binance, resting, "0.01").error[1] == -2038
    assert amend(binance, resting, "0.00000001").error[1] == -1013
    assert amend(binance, "nobody", "0.001").error[1:] == (-2038, "Unknown order sent.")
    for step in range(10):
        assert amend(binance, resting, f"0.00{90 - step}", newClientOrderId=resting).status == 200
    too_often = amend(binance, resting, "0.001").error
    assert too_often[1:] == (-2038, "Filter failure: MAX_NUM_ORDER_AMENDS")


@pytest.mark.parametrize(
    ("mode", "taker_lost", "maker_lost"),
    [
        ("EXPIRE_TAKER", "0.00300000", None),
        ("EXPIRE_MAKER", None, "0.01000000"),
        ("EXPIRE_BOTH", "0.00300000", "0.01000000"),
        ("DECREMENT", "0.00300000", "0.00300000"),
    ],
)
def test_each_way_of_not_trading_with_oneself_says_what_it_took(still, mode, taker_lost, maker_lost):
    price = f"{still.top()[1]:.2f}"  # of the ask: others stand behind our own
    inside = f"{float(price) - 0.01:.2f}"
    maker = still.order(
        side="SELL", price=inside, quantity="0.01", timeInForce="GTC", newClientOrderId=f"maker-{mode}"
    ).json
    with still.socket("/ws-api/v3") as socket:
        subscribe(still, socket)
        taker = still.order(price=inside, quantity="0.003", selfTradePreventionMode=mode).json
        reports = [json.loads(socket.recv())["event"] for _ in range(4)]
    (match,) = taker["preventedMatches"]
    assert match["makerOrderId"] == maker["orderId"]
    assert match.get("takerPreventedQuantity") == taker_lost
    assert match.get("makerPreventedQuantity") == maker_lost
    assert taker["status"] == ("EXPIRED_IN_MATCH" if taker_lost else "EXPIRED")
    found = still.find(f"maker-{mode}").json
    ended = mode in ("EXPIRE_MAKER", "EXPIRE_BOTH")
    assert found["status"] == ("EXPIRED_IN_MATCH" if ended else "NEW")
    assert found.get("preventedQuantity") == maker_lost
    told = [report for report in reports if report.get("x") == "TRADE_PREVENTION"]
    assert told[0]["v"] == match["preventedMatchId"]
    (listed,) = still.signed(
        "GET", "/api/v3/myPreventedMatches", symbol="BTCUSDT", preventedMatchId=match["preventedMatchId"]
    ).json
    assert (listed["selfTradePreventionMode"], listed["takerOrderId"]) == (mode, taker["orderId"])
    still.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")


def test_the_websocket_api_replaces_too(binance, resting):
    with binance.socket("/ws-api/v3") as socket:
        answer = binance.call(
            socket,
            "order.cancelReplace",
            symbol="BTCUSDT",
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.02",
            price=binance.rest_price(),
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrigClientOrderId="nobody",
        )
    assert (answer["status"], answer["error"]["code"]) == (400, -2022)
    assert answer["error"]["data"]["cancelResult"] == "FAILURE"
