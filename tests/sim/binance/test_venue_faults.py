"""A venue that breaks, over real sockets: closed, late, halted, with other rules, keys and money."""

import json
import time
from decimal import Decimal
from http.client import RemoteDisconnected

import pytest
from websocket import WebSocketBadStatusException, WebSocketException

CUT = (RemoteDisconnected, ConnectionResetError)
BTC = {"coins": ["BTC"]}


@pytest.fixture(autouse=True)
def whole_again(binance):
    yield
    binance.clear_faults()
    binance.until(lambda: min(binance.top()) > 0)


def refusal_of(client, body, method="POST"):
    reply = client.send(method, "/sim/faults", body=body)
    assert reply.status == 400
    return reply.json["error"]


def test_faults_are_listed_set_and_cleared_by_id_and_kind(binance):
    binance.fault(kind="thin_book", factor="0.5", coins=["ETH"], for_s=60)
    binance.fault(kind="reject", client_id="never")
    listed = binance.sim("faults")["faults"]
    assert [each["kind"] for each in listed] == ["thin_book", "reject"]
    assert (listed[0]["factor"], listed[0]["coins"], listed[0]["for_s"]) == ("0.5", ["ETH"], 60)
    binance.send("DELETE", "/sim/faults", f"id={listed[0]['fault_id']}")
    assert [each["kind"] for each in binance.sim("faults")["faults"]] == ["reject"]
    assert binance.send("DELETE", "/sim/faults", "kind=reject").json["faults"] == []


def test_what_makes_no_sense_changes_nothing_and_is_said_in_one_line(binance):
    for body, words in (
        ('{"kind": "sunspots"}', "sunspots"),
        ('{"kind": "halted_coin"}', "needs coins"),
        ('{"kind": "reject", "colour": "red"}', "colour"),
        ('[{"kind": "reject"}, {"kind": "thin_book"}]', "needs factor"),
        ("nonsense", "malformed"),
    ):
        said = refusal_of(binance, body)
        assert words in said
        assert "\n" not in said
    assert refusal_of(binance, '{"faults": [{"kind": "gone", "bps": 5}]}', "PUT") == "gone takes no bps"
    assert binance.sim("faults")["faults"] == []
    assert binance.send("DELETE", "/sim/faults", "kind=sunspots").status == 400


def test_every_kind_says_what_it_takes(binance):
    kinds = binance.sim("faults/kinds")["kinds"]
    assert kinds["one_sided_book"] == {
        "stage": "market", "scope": "any", "needs": ["side"], "takes": ["coins"], "sides": ["bids", "asks"],
    }  # fmt: skip


def test_the_same_seed_strikes_the_same_calls(binance):
    half = {"kind": "error_5xx_not_accepted", "endpoint": "*", "probability": 0.5}

    def statuses():
        reply = binance.send("PUT", "/sim/faults", body=json.dumps({"seed": 5, "faults": [half]}))
        assert reply.status == 200
        return [binance.public("/api/v3/ping").status for _ in range(20)]

    first = statuses()
    assert statuses() == first
    assert {200, 503} == set(first)


def test_a_share_of_every_request_fails_in_each_way(binance):
    for kind, status in (("rate_limit_429", 429), ("error_5xx_not_accepted", 503)):
        binance.fault(kind=kind, endpoint="*", count=2)
        assert binance.public("/api/v3/time").status == status
        assert binance.signed("GET", "/api/v3/account").status == status
    binance.fault(kind="drop_then_timeout", endpoint="*", delay_ms=10, count=1)
    with pytest.raises(CUT):
        binance.public("/api/v3/depth", symbol="BTCUSDT")


def test_maintenance_closes_the_calls_and_leaves_the_streams(binance):
    with binance.socket("/ws/btcusdt@depth@100ms") as socket:
        binance.fault(kind="maintenance")
        assert binance.public("/api/v3/ping").status == 503
        assert binance.signed("GET", "/api/v3/account").error[:2] == (503, -1016)
        assert json.loads(socket.recv())["e"] == "depthUpdate"
        assert binance.public("/sapi/v1/system/status").json["status"] == 0
    with binance.socket("/ws/btcusdt@bookTicker"):
        pass


def test_announced_maintenance_is_told_before_it_begins_and_ends_by_itself(binance):
    binance.fault(kind="maintenance", announced=True, after_s=0.3, for_s=0.3, streams="cut")
    assert binance.public("/sapi/v1/system/status").json == {"status": 1, "msg": "system_maintenance"}
    assert binance.public("/api/v3/ping").status == 200
    binance.until(lambda: binance.public("/api/v3/ping").status == 503)
    with pytest.raises(WebSocketBadStatusException), binance.socket("/ws/btcusdt@bookTicker"):
        pass
    binance.until(lambda: binance.public("/api/v3/ping").status == 200)
    assert binance.sim("faults")["faults"] == []
    assert binance.public("/sapi/v1/system/status").json["status"] == 0


def test_a_venue_that_is_gone_answers_nothing_and_cuts_every_stream(binance):
    with binance.socket("/ws/btcusdt@depth@100ms") as market, binance.socket("/ws-api/v3") as calls:
        binance.fault(kind="gone")
        with pytest.raises(CUT):
            binance.public("/api/v3/ping")
        for socket in (market, calls):
            with pytest.raises((WebSocketException, *CUT)):
                for _ in range(100):
                    socket.recv()
        with pytest.raises((WebSocketException, *CUT)), binance.socket("/ws-api/v3"):
            pass
    assert binance.sim("health")["ok"]


def test_a_stream_lags_by_seconds_while_the_rest_is_fresh(binance):
    with binance.socket("/ws/btcusdt@depth@100ms") as socket:
        binance.fault(kind="stream_lag", delay_ms=800, endpoint="*@depth*")
        deadline = time.monotonic() + 5
        while time.time() * 1000 - json.loads(socket.recv())["E"] < 750:
            assert time.monotonic() < deadline
        assert abs(binance.public("/api/v3/time").json["serverTime"] - time.time() * 1000) < 500
        binance.clear_faults()
        fresh = time.time() * 1000
        while json.loads(socket.recv())["E"] < fresh:
            assert time.monotonic() < deadline + 5


def test_a_halted_coin_is_closed_to_orders_and_says_so(binance):
    binance.fault(kind="halted_coin", **BTC)
    reply = binance.order(quantity="0.001", price=binance.buy_price())
    assert reply.error == (400, -2010, "Market is closed.")
    info = binance.public("/api/v3/exchangeInfo").json["symbols"]
    assert {each["symbol"]: each["status"] for each in info} == {"BTCUSDT": "BREAK", "ETHUSDT": "TRADING"}
    before = binance.public("/api/v3/depth", symbol="BTCUSDT").json
    time.sleep(0.1)
    assert binance.public("/api/v3/depth", symbol="BTCUSDT").json == before
    binance.clear_faults()
    assert binance.order(quantity="0.001", price=binance.buy_price()).status == 200


def test_filters_that_change_while_it_runs_are_listed_and_hold(binance):
    binance.fault(kind="changed_rules", tick="10", lot="0.01", min_notional="2000", **BTC)
    symbol = binance.public("/api/v3/exchangeInfo", symbol="BTCUSDT").json["symbols"][0]
    filters = {each["filterType"]: each for each in symbol["filters"]}
    assert Decimal(filters["PRICE_FILTER"]["tickSize"]) == 10
    assert Decimal(filters["LOT_SIZE"]["stepSize"]) == Decimal("0.01")
    assert Decimal(filters["NOTIONAL"]["minNotional"]) == 2_000
    price = f"{binance.top()[0] * 0.9:.0f}"[:-1]
    for quantity, price_text, failed in (
        ("0.02", price + "1", "PRICE_FILTER"),
        ("0.021", price + "0", "LOT_SIZE"),
        ("0.01", price + "0", "NOTIONAL"),
    ):
        assert binance.order(quantity=quantity, price=price_text).error[2] == f"Filter failure: {failed}"


def test_one_side_of_one_coin_is_refused(binance):
    binance.fault(kind="reject", side="SELL", **BTC)
    assert binance.order(side="SELL", quantity="0.001", price=binance.buy_price()).error[1] == -2010
    assert binance.order(side="BUY", quantity="0.001", price=binance.buy_price()).status == 200
    assert binance.order(symbol="ETHUSDT", side="BUY", quantity="0.01", price="3000.00").status == 200


def test_a_revoked_key_is_unknown_and_loses_its_stream(binance):
    with binance.socket("/ws-api/v3") as socket:
        assert binance.call(socket, "userDataStream.subscribe.signature")["status"] == 200
        binance.fault(kind="revoked_key")
        assert binance.signed("GET", "/api/v3/account").error[:2] == (401, -2015)
        with pytest.raises((WebSocketException, *CUT)):
            socket.recv()
    with binance.socket("/ws-api/v3") as socket:
        assert binance.call(socket, "userDataStream.subscribe.signature")["error"]["code"] == -2015


def test_a_blocked_account_may_look_and_not_touch(binance):
    text = "This account may not place or cancel orders."
    binance.order(quantity="0.001", price=binance.rest_price(), timeInForce="GTC", newClientOrderId="stays")
    binance.fault(kind="blocked_account")
    assert binance.order(quantity="0.001", price=binance.buy_price()).error == (400, -2010, text)
    assert binance.cancel("stays").error == (400, -2011, text)
    assert binance.signed("GET", "/api/v3/account").json["canTrade"] is False
    binance.clear_faults()
    assert binance.cancel("stays").status == 200


def test_a_closed_wallet_is_listed(binance):
    binance.fault(kind="closed_wallet", wallet="deposit_only", **BTC)
    rows = {each["coin"]: each for each in binance.signed("GET", "/sapi/v1/capital/config/getall").json}
    assert (rows["BTC"]["depositAllEnable"], rows["BTC"]["withdrawAllEnable"]) == (True, False)
    assert rows["ETH"]["networkList"][0]["withdrawEnable"] is True


def test_a_one_sided_book_is_empty_on_that_side_everywhere(binance):
    with binance.socket("/ws/btcusdt@bookTicker") as socket:
        binance.fault(kind="one_sided_book", side="asks", **BTC)
        binance.until(lambda: not binance.public("/api/v3/depth", symbol="BTCUSDT").json["asks"])
        ticker = json.loads(socket.recv())
        while Decimal(ticker["a"]):
            ticker = json.loads(socket.recv())
        assert Decimal(ticker["A"]) == 0
        order = binance.order(quantity="0.001", price=f"{float(ticker['b']) * 1.01:.2f}").json
        assert (order["status"], order["executedQty"]) == ("EXPIRED", "0.00000000")


def test_a_misplaced_decimal_is_told_and_orders_meet_the_true_book(binance):
    true_bid, _ = binance.top()
    binance.fault(kind="misplaced_decimal", factor=10, **BTC)
    binance.until(lambda: binance.top()[0] > true_bid * 9)
    order = binance.order(quantity="0.001", price=f"{true_bid * 1.05:.2f}").json
    assert order["status"] == "FILLED"
    assert float(order["fills"][0]["price"]) < true_bid * 1.05


def test_money_moved_from_outside_is_booked_and_told(binance):
    before = balance(binance, "BTC")
    with binance.socket("/ws-api/v3") as socket:
        binance.call(socket, "userDataStream.subscribe.signature")
        reply = binance.send("POST", "/sim/balances", body=json.dumps({"asset": "BTC", "change": "-1.5"}))
        assert reply.status == 200
        event = json.loads(socket.recv())["event"]
        assert (event["e"], event["a"], event["d"]) == ("balanceUpdate", "BTC", "-1.50000000")
        assert json.loads(socket.recv())["event"]["e"] == "outboundAccountPosition"
    assert balance(binance, "BTC") == before - Decimal("1.5")
    assert Decimal(binance.sim("balances")["outside"]["BTC"]) == Decimal("-1.5")
    for body, words in (
        ({"asset": "BTC", "change": "-1000"}, "are free"),
        ({"asset": "BTC", "change": "0"}, "not 0"),
        ({"asset": "B/C", "change": "1"}, "letters"),
        ({"asset": "BTC"}, "change"),
    ):
        reply = binance.send("POST", "/sim/balances", body=json.dumps(body))
        assert reply.status == 400
        assert words in reply.json["error"]
    assert balance(binance, "BTC") == before - Decimal("1.5")


def balance(client, asset):
    rows = client.signed("GET", "/api/v3/account").json["balances"]
    return next(Decimal(row["free"]) for row in rows if row["asset"] == asset)


def test_a_stuck_price_is_sent_on_and_on(binance):
    binance.fault(kind="stuck_price", **BTC)
    first = binance.top()
    with binance.socket("/ws/btcusdt@depth5@100ms") as socket:
        seen = [json.loads(socket.recv())["bids"] for _ in range(5)]
    assert all(each == seen[0] for each in seen)
    assert binance.top() == first
    elsewhere = binance.top("ETHUSDT")
    binance.until(lambda: binance.top("ETHUSDT") != elsewhere)
