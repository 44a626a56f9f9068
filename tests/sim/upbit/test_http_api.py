"""What every request meets before and after its work: keys, limits, faults."""

import time
import uuid

import pytest

from arb.sim.krw.limits import EXCESS_MAX
from tests.sim.upbit.client import RemoteDisconnected

PRICE = 100_000_000


def name():
    return f"h-{uuid.uuid4().hex[:16]}"


def place(upbit, **more):
    return upbit.limit("bid", PRICE, "0.001", **more)


def placed(upbit, identifier):
    return upbit.get("/v1/order", identifier=identifier).status == 200


def refuses(event, identifier):
    return event["kind"] == "order_rejected" and event["client_id"] == identifier


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_both_algorithms_over_the_wire(upbit, algorithm):
    header = {"Authorization": upbit.token(algorithm=algorithm)}
    assert upbit.send("GET", "/v1/accounts", headers=header).status == 200


def test_nonce_is_used_once_over_the_wire(upbit):
    header = {"Authorization": upbit.token()}
    assert upbit.send("GET", "/v1/accounts", headers=header).status == 200
    assert upbit.send("GET", "/v1/accounts", headers=header).error == (401, "nonce_used")


def test_hash_covers_the_unencoded_query(upbit):
    identifier = name()
    text = f"identifiers[]={identifier}&identifiers[]={name()}"
    header = {"Authorization": upbit.token(text)}
    encoded = text.replace("[]", "%5B%5D")
    assert upbit.send("GET", "/v1/orders/uuids", encoded, headers=header).json == []
    header = {"Authorization": upbit.token(encoded)}
    reply = upbit.send("GET", "/v1/orders/uuids", encoded, headers=header)
    assert reply.error == (401, "invalid_query_payload")


def test_form_body_is_not_taken(upbit):
    text = "market=KRW-BTC&side=bid&ord_type=limit&volume=0.001&price=100000000"
    header = {"Authorization": upbit.token(text)}
    assert upbit.send("POST", "/v1/orders", body=text, headers=header).error == (400, "validation_error")


@pytest.mark.parametrize(
    ("switches", "error"),
    [
        ({"permissions": ["view_assets", "view_orders"]}, (403, "out_of_scope")),
        ({"addresses": ["10.9.8.7"]}, (401, "no_authorization_ip")),
        ({"key_expires_ns": 1}, (401, "expired_access_key")),
    ],
)
def test_key_policy_is_switchable(upbit, switches, error):
    upbit.switch(**switches)
    assert place(upbit).error == error


def test_unknown_switch_is_refused(upbit):
    assert upbit.send("PUT", "/sim/upbit/switches", body='{"unknown":1}').status == 400


def test_every_reply_says_how_many_requests_are_left(upbit):
    upbit.switch(rates={"order": 700, "default": 800})
    assert upbit.get("/v1/accounts").headers["Remaining-Req"].startswith("group=default; min=48000; sec=7")
    refused = place(upbit, identifier="*")
    assert refused.status == 400
    assert refused.headers["Remaining-Req"].startswith("group=order; min=42000; sec=6")
    for path, group in (
        ("/v1/ticker", "ticker"),
        ("/v1/orderbook", "orderbook"),
        ("/v1/market/all", "market"),
    ):
        assert f"group={group}; " in upbit.public(path).headers["Remaining-Req"]


def test_going_over_the_limit_is_429_and_then_418(upbit):
    """A limit of zero refuses whatever the second; only this test uses order-test."""
    upbit.switch(rates={"order-test": 0})
    statuses = [upbit.post("/v1/orders/test").status for _ in range(EXCESS_MAX + 2)]
    assert statuses == [429] * EXCESS_MAX + [418, 418]
    blocked = upbit.post("/v1/orders/test")
    assert blocked.error == (418, "blocked")
    assert "초간 차단" in blocked.json["error"]["message"]


def test_origin_header_leaves_one_request_in_ten_seconds(upbit):
    statuses = [
        upbit.send("GET", "/v1/ticker", "markets=KRW-BTC", headers={"Origin": "x"}).status for _ in range(3)
    ]
    assert 429 in statuses


def test_accepted_order_whose_reply_is_lost_exists(upbit):
    upbit.fault(kind="accept_then_drop_reply", count=1)
    with pytest.raises(RemoteDisconnected):
        place(upbit, identifier=(identifier := name()))
    assert placed(upbit, identifier)
    assert place(upbit, identifier=identifier).error == (400, "invalid_parameter")


def test_dropped_order_does_not_exist_and_can_be_sent_again(upbit):
    upbit.fault(kind="drop_then_timeout", count=1, delay_ms=1)
    with pytest.raises(RemoteDisconnected):
        place(upbit, identifier=(identifier := name()))
    assert not placed(upbit, identifier)
    assert place(upbit, identifier=identifier).status == 201


def test_late_execution_lands_after_the_client_gave_up(upbit):
    upbit.fault(kind="late_execution", count=1, delay_ms=20)
    with pytest.raises(RemoteDisconnected):
        place(upbit, identifier=(identifier := name()))
    upbit.until(lambda: placed(upbit, identifier))


def test_late_execution_of_a_burnt_identifier_is_refused_quietly(upbit):
    identifier = name()
    upbit.fault(kind="late_execution", count=1, delay_ms=50)
    with pytest.raises(RemoteDisconnected):
        upbit.limit("bid", PRICE, "0.002", identifier=identifier)
    assert place(upbit, identifier=identifier).status == 201
    upbit.until(lambda: [event for event in upbit.journal() if refuses(event, identifier)])
    orders = [
        row for row in upbit.send("GET", "/sim/orders").json["orders"] if row["client_id"] == identifier
    ]
    assert [row["quantity"] for row in orders] == ["0.001"]


@pytest.mark.parametrize(
    ("kind", "exists"), [("error_5xx_accepted", True), ("error_5xx_not_accepted", False)]
)
def test_server_error_says_nothing_about_the_order(upbit, kind, exists):
    upbit.fault(kind=kind, count=1)
    assert place(upbit, identifier=(identifier := name())).error == (500, "server_error")
    assert placed(upbit, identifier) is exists


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reject", (400, "validation_error")),
        ("rate_limit_429", (429, "too_many_requests")),
        ("ban_418", (418, "blocked")),
    ],
)
def test_planned_refusals(upbit, kind, error):
    upbit.fault(kind=kind, count=1)
    assert place(upbit, identifier=(identifier := name())).error == error
    assert not placed(upbit, identifier)


def test_slow_accept_is_accepted(upbit):
    upbit.fault(kind="slow_accept", count=1, delay_ms=30)
    started = time.monotonic()
    assert place(upbit).status == 201
    assert time.monotonic() - started >= 0.03


def test_partial_fill_leaves_a_remainder(upbit):
    upbit.fault(kind="partial_fill", count=1)
    row = upbit.book("KRW-XRP")[0]
    reply = upbit.limit("bid", row["ask_price"], "100", market="KRW-XRP", time_in_force="ioc")
    order = upbit.settled(reply.json["uuid"])
    assert order["state"] == "cancel"
    assert 0 <= float(order["executed_volume"]) < 100


def test_new_order_may_not_be_visible_yet(upbit):
    upbit.fault(kind="get_not_yet_visible", count=2)
    order = place(upbit).json
    assert upbit.get("/v1/order", uuid=order["uuid"]).error == (404, "order_not_found")
    assert upbit.get("/v1/order", uuid=order["uuid"]).error == (404, "order_not_found")
    assert upbit.get("/v1/order", uuid=order["uuid"]).status == 200


def test_maintenance_is_a_server_error_everywhere(upbit):
    upbit.fault(kind="error_5xx_not_accepted", endpoint="*")
    assert place(upbit).status == 500
    assert upbit.get("/v1/accounts").status == 500
    assert upbit.public("/v1/ticker", markets="KRW-BTC").error == (500, 500)
    assert upbit.send("GET", "/websocket/v1").status == 500
