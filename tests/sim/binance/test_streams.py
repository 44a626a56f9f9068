"""Market streams over real sockets."""

import json

import pytest

from arb.sim.binance.local_book import LocalBook


def receive(socket):
    return json.loads(socket.recv())


def test_raw_stream_has_the_payload_and_combined_has_the_name(binance):
    with binance.socket("/ws/btcusdt@bookTicker") as socket:
        assert set(receive(socket)) == {"u", "s", "b", "B", "a", "A"}
    with binance.socket("/stream?streams=btcusdt@depth20@100ms/ethusdt@bookTicker") as socket:
        frames = [receive(socket) for _ in range(4)]
    names = {frame["stream"] for frame in frames}
    assert names == {"btcusdt@depth20@100ms", "ethusdt@bookTicker"}
    depth = next(frame["data"] for frame in frames if "depth20" in frame["stream"])
    assert len(depth["bids"]) == len(depth["asks"]) == 20


@pytest.mark.parametrize("levels", [5, 10, 20])
def test_partial_depth_has_its_number_of_levels(binance, levels):
    with binance.socket(f"/ws/ethusdt@depth{levels}@100ms") as socket:
        assert len(receive(socket)["bids"]) == levels


def test_update_ids_only_rise(binance):
    with binance.socket("/ws/btcusdt@bookTicker") as socket:
        ids = [receive(socket)["u"] for _ in range(10)]
    assert ids == sorted(set(ids))


def test_subscriptions_are_made_listed_and_ended_on_a_connection(binance):
    with binance.socket("/ws") as socket:
        assert ask(socket, "SUBSCRIBE", 1, params=["btcusdt@trade"]) == {"result": None, "id": 1}
        assert ask(socket, "LIST_SUBSCRIPTIONS", "two") == {"result": ["btcusdt@trade"], "id": "two"}
        assert receive_data(socket)["e"] == "trade"
        assert ask(socket, "UNSUBSCRIBE", None, params=["btcusdt@trade"]) == {"result": None, "id": None}
        assert ask(socket, "LIST_SUBSCRIPTIONS", 4)["result"] == []


def ask(socket, method, identity, **fields):
    socket.send(json.dumps({"method": method, "id": identity} | fields))
    while True:
        answer = receive(socket)
        if "result" in answer or "error" in answer:
            return answer


def receive_data(socket):
    while True:
        frame = receive(socket)
        if "result" not in frame:
            return frame


def test_malformed_control_messages_are_answered_with_an_error(binance):
    with binance.socket("/ws") as socket:
        for text in ("[]", '{"method":"DANCE"}', '{"method":"SUBSCRIBE","params":[1]}'):
            socket.send(text)
            assert "error" in receive(socket)
        socket.send('{"method":"DANCE","id":20}')
        assert receive(socket)["id"] == 20


def test_what_is_no_json_ends_the_connection(binance):
    with binance.socket("/ws") as socket:
        socket.send("{")
        opcode, data = socket.recv_data()
        assert (opcode, int.from_bytes(data[:2])) == (8, 1008)


def test_more_than_five_messages_a_second_disconnect(binance):
    with binance.socket("/ws") as socket:
        for number in range(6):
            socket.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
        assert binance.until(lambda: is_closed(socket))


def is_closed(socket):
    opcode, _ = socket.recv_data()
    return opcode == 8


def test_ping_is_answered_with_its_payload(binance):
    with binance.socket("/ws") as socket:
        socket.ping("tick")
        opcode, frame = socket.recv_data_frame(control_frame=True)
        assert (opcode, frame.data) == (10, b"tick")


def test_local_book_from_snapshot_and_diffs_equals_the_partial_book(binance):
    with binance.socket("/stream?streams=ethusdt@depth@100ms/ethusdt@depth20@100ms") as socket:
        receive(socket)
        local = LocalBook(binance.public("/api/v3/depth", symbol="ETHUSDT", limit=5000).json)
        compared = 0
        while compared < 5:
            frame = receive(socket)
            if frame["stream"].endswith("@depth@100ms"):
                local.apply(frame["data"])
            elif frame["data"]["lastUpdateId"] == local.update_id:
                assert [float(level.price) for level in local.top(20).bids] == prices(frame["data"]["bids"])
                assert [float(level.price) for level in local.top(20).asks] == prices(frame["data"]["asks"])
                compared += 1


def prices(levels):
    return [float(price) for price, _ in levels]


def test_taker_moves_the_published_top_at_once(binance):
    with binance.socket("/ws/btcusdt@bookTicker") as socket:
        receive(socket)
        binance.order("SELL", "MARKET", quantity="0.001")
        ids = [receive(socket)["u"] for _ in range(3)]
    assert any(update_id % 1_000 for update_id in ids)


def test_slow_diff_joins_the_fast_changes_into_one_a_second(binance):
    with binance.socket("/ws/ethusdt@depth") as socket:
        first, second = receive(socket), receive(socket)
    assert second["U"] == first["u"] + 1
    assert second["u"] - second["U"] > 10_000
