"""The WebSocket side over real sockets."""

import json
import uuid

import pytest
import websocket

from tests.sim.upbit.client import receive

BINARY = websocket.ABNF.OPCODE_BINARY
MY_ORDER = {"type": "myOrder"}
PRIVATE = "/websocket/v1/private"


@pytest.fixture
def market(moving):
    moving.clear_faults()
    moving.switch()
    return moving


def ask(socket, *fields):
    socket.send(json.dumps([{"ticket": "again"}, *fields]))


def collect(socket, count, wanted=lambda message: True):
    """Return the next `count` messages that are wanted."""
    messages = []
    while len(messages) < count:
        message = receive(socket)[1]
        if wanted(message):
            messages.append(message)
    return messages


def settle(upbit, socket, **order):
    """Place an order and return the myOrder events up to its end."""
    placed = upbit.post(**order).json
    events = []
    while not events or events[-1]["state"] not in ("done", "cancel"):
        events.append(receive(socket)[1])
    assert {event["uuid"] for event in events} == {placed["uuid"]}
    return events


def market_bid(**more):
    return {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "10000"} | more


def listening(upbit, socket):
    """Wait until the server has read our subscription."""
    ask(socket, {"method": "LIST_SUBSCRIPTIONS"})
    collect(socket, 1, lambda message: message.get("method") == "LIST_SUBSCRIPTIONS")
    return socket


def test_snapshot_comes_first_then_realtime_in_binary_frames(market):
    with market.socket({"type": "orderbook", "codes": ["KRW-BTC.5"]}) as socket:
        frames = [receive(socket) for _ in range(4)]
    assert {opcode for opcode, _ in frames} == {BINARY}
    assert [message["stream_type"] for _, message in frames] == ["SNAPSHOT"] + ["REALTIME"] * 3
    assert {len(message["orderbook_units"]) for _, message in frames} == {5}
    stamps = [message["timestamp"] for _, message in frames]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(
    ("form", "name", "wrapped"),
    [
        ("DEFAULT", "type", False),
        ("SIMPLE", "ty", False),
        ("JSON_LIST", "type", True),
        ("SIMPLE_LIST", "ty", True),
    ],
)
def test_formats_of_the_whole_connection(market, form, name, wrapped):
    types = ("orderbook", "trade", "ticker")
    fields = [{"type": each, "codes": ["KRW-BTC", "KRW-USDT"]} for each in types]
    with market.socket(*fields, {"format": form}) as socket:
        seen = set()
        while seen != set(types):
            message = receive(socket)[1]
            assert isinstance(message, list) is wrapped
            seen.add((message[0] if wrapped else message)[name])


@pytest.mark.parametrize(
    ("flag", "types"), [("is_only_realtime", ["REALTIME"] * 3), ("is_only_snapshot", ["SNAPSHOT"])]
)
def test_only_flags(market, flag, types):
    with market.socket({"type": "orderbook", "codes": ["KRW-BTC"], flag: True}) as socket:
        assert [receive(socket)[1]["stream_type"] for _ in types] == types


def test_new_request_replaces_the_old_one(market):
    with market.socket({"type": "orderbook", "codes": ["KRW-BTC"]}) as socket:
        collect(socket, 2)
        ask(socket, {"type": "orderbook", "codes": ["KRW-XRP"]})
        collect(socket, 1, lambda message: message["code"] == "KRW-XRP")
        assert {message["code"] for message in collect(socket, 5)} == {"KRW-XRP"}


def test_subscriptions_are_listed(market):
    with market.socket({"type": "trade", "codes": ["KRW-BTC"]}) as socket:
        ask(socket, {"method": "LIST_SUBSCRIPTIONS"})
        [answer] = collect(socket, 1, lambda message: "method" in message)
    assert answer["result"] == [{"type": "trade", "codes": ["KRW-BTC"]}]
    assert answer["ticket"] == "again"


def test_level_groups_and_an_unsupported_one_is_silence(market):
    with market.socket(
        {"type": "orderbook", "codes": ["KRW-BTC"], "level": 7},
        {"type": "orderbook", "codes": ["KRW-BTC", "KRW-NONE"], "level": 10_000},
    ) as socket:
        messages = collect(socket, 4)
    assert {message["level"] for message in messages} == {10_000}
    assert all(row["ask_price"] % 10_000 == 0 for row in messages[0]["orderbook_units"])


def test_text_ping_and_ping_frames_are_answered(upbit):
    with upbit.socket() as socket:
        socket.send("PING")
        assert receive(socket)[1] == {"status": "UP"}
        socket.ping("hello")
        opcode, frame = socket.recv_data_frame(control_frame=True)
        assert (opcode, frame.data) == (websocket.ABNF.OPCODE_PONG, b"hello")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nonsense", "WRONG_FORMAT"),
        ('[{"type":"ticker","codes":["KRW-BTC"]}]', "NO_TICKET"),
        ('[{"ticket":"a"}]', "NO_TYPE"),
        ('[{"ticket":"a"},{"type":"ticker"}]', "NO_CODES"),
        ('[{"ticket":"a"},{"type":"candle","codes":["KRW-BTC"]}]', "INVALID_PARAM"),
        ('[{"ticket":"a"},{"type":"candle.7m","codes":["KRW-BTC"]}]', "INVALID_PARAM"),
        ('[{"ticket":"a"},{"type":"candle.1m"}]', "NO_CODES"),
        ('[{"ticket":"a"},{"type":"myOrder"}]', "INVALID_AUTH"),
    ],
)
def test_errors_are_told_and_the_connection_lives(upbit, text, name):
    with upbit.socket() as socket:
        socket.send(text)
        assert receive(socket)[1]["error"]["name"] == name
        socket.send("PING")
        assert receive(socket)[1] == {"status": "UP"}


def test_idle_connection_is_closed(upbit):
    upbit.switch(idle_close_ms=50)
    with upbit.socket() as socket:
        opcode, _ = socket.recv_data(control_frame=True)
    assert opcode == websocket.ABNF.OPCODE_CLOSE


def test_too_many_messages_close_the_connection(upbit):
    with upbit.socket() as socket:
        opcode = BINARY
        while opcode == BINARY:
            ask(socket, {"method": "LIST_SUBSCRIPTIONS"})
            opcode, _ = socket.recv_data(control_frame=True)
    assert opcode == websocket.ABNF.OPCODE_CLOSE


def test_connections_are_limited(upbit):
    upbit.switch(rates={"websocket-connect": 0})
    with pytest.raises(websocket.WebSocketBadStatusException, match="429"), upbit.socket():
        pass


def test_private_stream_needs_a_token(upbit):
    with pytest.raises(websocket.WebSocketBadStatusException, match="401"):
        websocket.create_connection(f"ws://127.0.0.1:{upbit.port}{PRIVATE}", suppress_origin=True)


def test_my_order_tells_the_life_of_a_market_bid(upbit):
    identifier = f"s-{uuid.uuid4().hex[:16]}"
    with upbit.socket(MY_ORDER, path=PRIVATE) as socket:
        events = settle(upbit, listening(upbit, socket), **market_bid(identifier=identifier))
    assert [event["state"] for event in events] == ["wait", "trade", "cancel"]
    waiting, trade, ended = events
    assert (waiting["price"], waiting["volume"], waiting["trade_uuid"]) == (10_000, None, None)
    assert (trade["is_maker"], trade["identifier"], trade["stream_type"]) == (False, identifier, "REALTIME")
    assert trade["price"] > 1_000_000
    assert (ended["price"], ended["locked"], ended["executed_volume"]) == (10_000, 0, trade["volume"])


def test_my_asset_follows_and_codes_filter(upbit):
    fields = {"type": "myOrder", "codes": ["KRW-XRP"]}, {"type": "myAsset"}
    with upbit.socket(*fields, path=PRIVATE) as socket:
        listening(upbit, socket)
        upbit.settled(upbit.post(**market_bid()).json["uuid"])
        messages = collect(socket, 2)
    assert {message["type"] for message in messages} == {"myAsset"}
    assert messages[0]["assets"][0]["locked"] == 10_005
    assert [row["currency"] for row in messages[1]["assets"]] == ["KRW", "BTC"]


def test_duplicate_and_missing_events(upbit):
    with upbit.socket(MY_ORDER, path=PRIVATE) as socket:
        listening(upbit, socket)
        upbit.fault(kind="duplicate_event", endpoint="myOrder", count=1)
        states = [event["state"] for event in settle(upbit, socket, **market_bid())]
        assert states == ["wait", "wait", "trade", "cancel"]
        upbit.fault(kind="missing_event", endpoint="myOrder", count=2)
        assert [event["state"] for event in settle(upbit, socket, **market_bid())] == ["cancel"]


def test_reordered_and_late_events(upbit):
    with upbit.socket(MY_ORDER, path=PRIVATE) as socket:
        listening(upbit, socket)
        upbit.fault(kind="reordered_event", endpoint="myOrder", count=1)
        states = [event["state"] for event in settle(upbit, socket, **market_bid())]
        assert states == ["trade", "wait", "cancel"]
        upbit.fault(kind="late_event", endpoint="myOrder", count=1, delay_ms=60)
        assert [event["state"] for event in settle(upbit, socket, **market_bid())] == ["trade", "cancel"]
        assert receive(socket)[1]["state"] == "wait"


@pytest.mark.parametrize("endpoint", [None, "/websocket/v1"])
def test_sockets_can_be_dropped(market, endpoint):
    with market.socket({"type": "orderbook", "codes": ["KRW-BTC"]}) as socket:
        collect(socket, 2)
        market.fault(kind="drop_sockets", count=1, endpoint=endpoint)
        with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
            collect(socket, 1_000)


def test_private_socket_can_be_refused_while_rest_works(upbit):
    upbit.fault(kind="error_5xx_not_accepted", endpoint=f"GET {PRIVATE}")
    with pytest.raises(websocket.WebSocketBadStatusException, match="500"), upbit.socket(path=PRIVATE):
        pass
    assert upbit.get("/v1/accounts").status == 200


def test_frozen_stream_stays_open_and_silent(market):
    """SOL stays frozen for the rest of this module."""
    both = {"type": "orderbook", "codes": ["KRW-SOL", "KRW-XRP"]}
    with market.socket(both) as socket:
        collect(socket, 3)
        market.fault(kind="freeze_stream", endpoint="orderbook.KRW-SOL", count=1, delay_ms=600_000)
        market.until(lambda: not market.send("GET", "/sim/faults").json["faults"][0]["count"])
        ask(socket, both | {"is_only_realtime": True})
        ask(socket, {"method": "LIST_SUBSCRIPTIONS"})
        collect(socket, 1, lambda message: "method" in message)
        assert {message["code"] for message in collect(socket, 10)} == {"KRW-XRP"}
        socket.send("PING")
        collect(socket, 1, lambda message: message.get("status") == "UP")


def test_timestamps_go_back_when_the_clock_does(market):
    with market.socket({"type": "orderbook", "codes": ["KRW-XRP"]}) as socket:
        before = collect(socket, 2)[-1]["timestamp"]
        market.fault(kind="clock_skew_ms", delay_ms=-3_600_000)
        collect(socket, 1, lambda message: message["timestamp"] < before)


def test_books_can_be_crossed_and_frames_malformed(market):
    with market.socket({"type": "orderbook", "codes": ["KRW-USDT"]}) as socket:
        collect(socket, 2)
        market.fault(kind="crossed_book", endpoint="orderbook.KRW-USDT", count=1)
        is_crossed = lambda m: m["orderbook_units"][0]["ask_price"] < m["orderbook_units"][0]["bid_price"]  # noqa: E731
        collect(socket, 1, is_crossed)
        market.fault(kind="malformed_frame", endpoint="orderbook.KRW-USDT", count=1)
        with pytest.raises(json.JSONDecodeError):
            collect(socket, 1_000)


def test_our_fills_are_public_trades(market):
    with market.socket({"type": "trade", "codes": ["KRW-XRP"], "is_only_realtime": True}) as socket:
        listening(market, socket)
        order = {"market": "KRW-XRP", "side": "ask", "ord_type": "market", "volume": "7.12345678"}
        market.post(**order)
        [trade] = collect(socket, 1, lambda message: message.get("trade_volume") == 7.12345678)
    assert trade["ask_bid"] == "ASK"
