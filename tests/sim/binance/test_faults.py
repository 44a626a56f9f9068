"""Faults over real sockets: what the client sees, and what is true."""

import json
import time
from decimal import Decimal
from http.client import RemoteDisconnected

import pytest
from websocket import WebSocketConnectionClosedException

CUT = (RemoteDisconnected, ConnectionResetError)


def place(client, client_id, **params):
    given = {"quantity": "0.001", "price": client.buy_price(), "newClientOrderId": client_id}
    return client.order(**given | params)


def test_accepted_order_whose_reply_was_dropped_is_found_by_its_id(binance):
    binance.fault(kind="accept_then_drop_reply", client_id="lost-*", count=1)
    with pytest.raises(CUT):
        place(binance, "lost-1")
    assert binance.find("lost-1").json["status"] == "FILLED"


def test_swallowed_order_never_exists(binance):
    binance.fault(kind="drop_then_timeout", delay_ms=20, count=1)
    with pytest.raises(CUT):
        place(binance, "swallowed")
    assert binance.find("swallowed").error[1] == -2013
    kinds = [event["kind"] for event in events_of(binance, "swallowed")]
    assert kinds == ["order_received", "fault_struck"]


def events_of(client, client_id):
    events = client.send("GET", "/sim/journal", "limit=100000").json["events"]
    return [event for event in events if event.get("client_id") == client_id]


@pytest.mark.parametrize(("kind", "exists"), [("error_5xx_accepted", 1), ("error_5xx_not_accepted", 0)])
def test_server_error_says_nothing_about_the_order(binance, kind, exists):
    binance.fault(kind=kind, count=1)
    assert place(binance, kind).error[:2] == (503, -1007)
    assert len(binance.known(kind)) == exists


def test_late_execution_happens_after_the_cut_and_before_the_fence(binance):
    binance.fault(kind="late_execution", count=1, delay_ms=60_000)
    stamp_ms = time.time_ns() // 1_000_000
    with pytest.raises(CUT):
        place(binance, "late", timestamp=stamp_ms, recvWindow=4000)
    (order,) = binance.until(lambda: binance.known("late"))
    assert order["created_ns"] <= (stamp_ms + 4000) * 1_000_000


def test_slow_accept_beyond_the_window_is_refused_before_the_engine(binance):
    binance.fault(kind="slow_accept", count=1, delay_ms=150)
    reply = place(binance, "slow", recvWindow=100)
    assert reply.error[:2] == (400, -1021)
    assert not binance.known("slow")


def test_slow_accept_within_the_window_is_accepted(binance):
    binance.fault(kind="slow_accept", count=1, delay_ms=20)
    assert place(binance, "slow-ok").json["status"] == "FILLED"


def test_rejection_is_final_and_journaled(binance):
    binance.fault(kind="reject", count=1)
    assert place(binance, "refused").error == (
        400,
        -2010,
        "Order book liquidity is less than LOT_SIZE filter minimum quantity.",
    )
    assert events_of(binance, "refused")[-1]["kind"] == "order_rejected"


@pytest.mark.parametrize(("kind", "status"), [("rate_limit_429", 429), ("ban_418", 418)])
def test_throttling_says_when_to_come_back(binance, kind, status):
    binance.fault(kind=kind, count=1, delay_ms=7_000, endpoint="POST /api/v3/order")
    reply = place(binance, kind)
    assert reply.error[:2] == (status, -1003)
    assert reply.headers["Retry-After"] == "7"
    assert not binance.known(kind)


def test_order_is_not_visible_at_first(binance):
    place(binance, "hidden")
    binance.fault(kind="get_not_yet_visible", client_id="hidden", delay_ms=3_600_000)
    assert binance.find("hidden").error[1] == -2013
    binance.clear_faults()
    assert binance.find("hidden").json["status"] == "FILLED"


def test_capped_fill_leaves_an_expired_remainder(binance):
    binance.fault(kind="partial_fill", count=1)
    answer = place(binance, "capped", quantity="0.02").json
    assert answer["status"] == "EXPIRED"
    assert Decimal(answer["executedQty"]) < Decimal("0.02")


def test_skewed_clock_is_shown_and_enforced(binance):
    binance.fault(kind="clock_skew_ms", delay_ms=-5_000)
    server_ms = binance.public("/api/v3/time").json["serverTime"]
    assert server_ms < time.time_ns() // 1_000_000 - 3_000
    early = "Timestamp for this request was 1000ms ahead of the server's time."
    assert place(binance, "early").error == (400, -1021, early)


def test_faults_are_listed_counted_and_switched_off(binance):
    binance.fault(kind="reject", count=3)
    place(binance, "counted")
    (listed,) = binance.sim("faults")["faults"]
    assert (listed["strikes"], listed["count"]) == (1, 2)
    left = binance.send("DELETE", "/sim/faults", f"id={listed['fault_id']}").json
    assert left["faults"] == []
    assert left["struck"]["reject"] >= 1  # stays counted
    assert place(binance, "after").json["status"] == "FILLED"


def test_private_event_is_delivered_twice(binance):
    binance.fault(kind="duplicate_event", count=1)
    with binance.socket("/ws-api/v3") as socket:
        binance.call(socket, "userDataStream.subscribe.signature")
        place(binance, "twice")
        first, second = (json.loads(socket.recv()) for _ in range(2))
    assert first == second


def test_frozen_stream_stays_open_and_silent(binance):
    binance.fault(kind="freeze_stream", endpoint="btcusdt@depth5@100ms")
    with binance.socket("/stream?streams=btcusdt@depth5@100ms/ethusdt@depth5@100ms") as socket:
        streams = {json.loads(socket.recv())["stream"] for _ in range(10)}
    assert streams == {"ethusdt@depth5@100ms"}


def test_crossed_and_malformed_frames_reach_the_client(binance):
    with binance.socket("/ws/btcusdt@bookTicker") as socket:
        binance.fault(kind="crossed_book", endpoint="*@bookTicker")
        binance.until(lambda: is_crossed(json.loads(socket.recv())))
        binance.clear_faults()
        binance.fault(kind="malformed_frame", endpoint="*@bookTicker")
        binance.until(lambda: not socket.recv().endswith("}"))


def is_crossed(ticker):
    return float(ticker["b"]) > float(ticker["a"])


def test_sockets_are_dropped_without_a_goodbye(binance):
    with binance.socket("/ws/btcusdt@bookTicker") as socket:
        socket.recv()
        binance.fault(kind="drop_sockets", count=1)
        binance.until(lambda: was_cut(socket))


def was_cut(socket):
    try:
        return not socket.recv()
    except (OSError, WebSocketConnectionClosedException):
        return True
