"""A venue that breaks, over real sockets: closed, late, halted, with other rules, keys and money."""

import json
import time
from decimal import Decimal
from http.client import RemoteDisconnected

import pytest
from websocket import WebSocketBadStatusException, WebSocketException

from tests.sim.upbit.client import receive

CUT = (RemoteDisconnected, ConnectionResetError)
BTC = {"coins": ["BTC"]}


@pytest.fixture
def alive(moving):
    """The moving market, whole before and after."""
    moving.clear_faults()
    moving.switch()
    yield moving
    moving.clear_faults()
    moving.until(lambda: all(_size(moving.book(market)) for market in ("KRW-BTC", "KRW-USDT")))


def test_what_makes_no_sense_is_said_in_one_line(alive):
    for fault, words in (
        ({"kind": "changed_rules", "coins": ["BTC"], "lot": "1"}, "lot"),
        ({"kind": "halted_coin", "coins": ["ADA"]}, "ADA is not traded here"),
    ):
        reply = alive.send("POST", "/sim/faults", body=json.dumps(fault))
        assert (reply.status, words in reply.json["error"]) == (400, True)


def test_maintenance_closes_the_calls_and_leaves_the_streams(alive):
    with alive.socket({"type": "orderbook", "codes": ["KRW-BTC"]}) as socket:
        alive.fault(kind="maintenance")
        assert alive.public("/v1/ticker", markets="KRW-BTC").status == 503
        assert alive.get("/v1/accounts").status == 503
        assert [receive(socket)[1]["type"] for _ in range(5)] == ["orderbook"] * 5
    alive.fault(kind="maintenance", streams="cut")
    with pytest.raises(WebSocketBadStatusException), alive.socket():
        pass


def test_a_venue_that_is_gone_answers_nothing_and_cuts_every_stream(alive):
    with alive.socket({"type": "ticker", "codes": ["KRW-BTC"]}) as socket:
        alive.fault(kind="gone")
        with pytest.raises(CUT):
            alive.get("/v1/accounts")
        with pytest.raises((WebSocketException, *CUT)):
            for _ in range(100):
                socket.recv()


def test_the_clock_is_off_and_the_streams_say_so(alive):
    alive.fault(kind="clock_skew_ms", delay_ms=-7_000)
    with alive.socket({"type": "orderbook", "codes": ["KRW-BTC"], "is_only_realtime": True}) as socket:
        lag_ms = time.time() * 1000 - receive(socket)[1]["timestamp"]
    assert 6_500 < lag_ms < 9_000


def test_streams_lag_public_and_private(alive):
    fields = {"type": "orderbook", "codes": ["KRW-BTC"], "is_only_realtime": True}
    with (
        alive.socket(fields) as public,
        alive.socket({"type": "myOrder"}, path="/websocket/v1/private") as private,
    ):
        time.sleep(0.1)
        alive.fault(kind="stream_lag", delay_ms=700)
        begin = time.monotonic()
        alive.limit(
            "bid", int(alive.book()[0]["ask_price"]) * 2 // 1000 * 1000, "0.0001", time_in_force="ioc"
        )
        assert receive(private)[1]["type"] == "myOrder"
        assert time.monotonic() - begin > 0.65
        while time.time() * 1000 - receive(public)[1]["timestamp"] < 650:
            assert time.monotonic() - begin < 5


def test_a_hole_in_krw_usdt_shows_and_holds(alive):
    alive.fault(kind="one_sided_book", side="asks", coins=["USDT"])
    alive.until(lambda: alive.book("KRW-USDT")[0]["ask_size"] == 0)
    best = alive.book("KRW-USDT")[0]
    assert best["ask_price"] == 0 < best["bid_price"]
    assert alive.public("/v1/ticker", markets="KRW-USDT").status == 200
    assert alive.public("/v1/orderbook/instruments", markets="KRW-USDT").status == 200
    with alive.socket({"type": "trade", "codes": ["KRW-USDT"]}) as socket:
        assert receive(socket)[1]["type"] == "trade"
    placed = alive.limit("bid", int(best["bid_price"]) + 50, "10", "KRW-USDT", time_in_force="ioc").json
    assert alive.settled(placed["uuid"])["executed_volume"] == "0"
    alive.clear_faults()
    alive.until(lambda: alive.book("KRW-USDT")[0]["ask_size"] > 0)


def test_both_sides_gone_is_a_book_without_rows_that_anybody_can_trade_at(alive):
    for side in ("asks", "bids"):
        alive.fault(kind="one_sided_book", side=side, **BTC)
    alive.until(lambda: not alive.book())
    assert alive.public("/v1/orderbook/instruments", markets="KRW-BTC").status == 200
    assert alive.send("GET", "/sim/health").json["ok"]


def _size(rows):
    return rows and rows[0]["ask_size"] * rows[0]["bid_size"]


def test_the_rate_jumps_with_every_price_in_krw(alive):
    before = {market: alive.book(market)[0]["bid_price"] for market in ("KRW-BTC", "KRW-USDT")}
    alive.fault(kind="rate_move", bps=500)
    alive.until(lambda: alive.book("KRW-USDT")[0]["bid_price"] > before["KRW-USDT"] * 1.045)
    for market, price in before.items():
        assert alive.book(market)[0]["bid_price"] / price == pytest.approx(1.05, abs=0.02)


def test_a_halted_coin_is_offline_and_says_so(alive):
    alive.fault(kind="halted_coin", **BTC)
    price = int(alive.book()[0]["ask_price"])
    assert alive.limit("bid", price, "0.001").error == (403, "market_offline")
    assert alive.get("/v1/orders/chance", market="KRW-BTC").json["market"]["state"] == "suspended"
    assert alive.get("/v1/orders/chance", market="KRW-XRP").json["market"]["state"] == "active"


def test_price_unit_and_minimum_that_change_while_it_runs_are_listed_and_hold(alive):
    alive.fault(kind="changed_rules", tick="50000", min_notional="100000", **BTC)
    listed = alive.public("/v1/orderbook/instruments", markets="KRW-BTC").json[0]
    assert listed["tick_size"] == "50000"
    chance = alive.get("/v1/orders/chance", market="KRW-BTC").json["market"]
    assert chance["bid"]["min_total"] == chance["ask"]["min_total"] == "100000"
    price = int(alive.book()[0]["bid_price"]) // 50_000 * 45_000 // 50_000 * 50_000
    assert alive.limit("bid", price + 1_000, "0.01").error == (400, "invalid_price_bid")
    assert alive.limit("bid", price, "0.0005").error == (400, "under_min_total_bid")
    assert alive.limit("bid", price, "0.01", time_in_force="ioc").status == 201


def test_one_side_of_one_coin_is_refused(alive):
    alive.fault(kind="reject", side="SELL", **BTC)
    price = int(alive.book()[0]["bid_price"])
    assert alive.limit("ask", price, "0.001", time_in_force="ioc").error == (400, "validation_error")
    assert alive.limit("bid", price, "0.001", time_in_force="ioc").status == 201


def test_a_revoked_key_is_invalid_and_loses_its_stream(alive):
    with alive.socket({"type": "myOrder"}, path="/websocket/v1/private") as socket:
        alive.fault(kind="revoked_key")
        assert alive.get("/v1/accounts").error == (401, "invalid_access_key")
        with pytest.raises((WebSocketException, *CUT)):
            socket.recv()
    assert alive.public("/v1/ticker", markets="KRW-BTC").status == 200


def test_a_blocked_account_may_look_and_not_touch(alive):
    alive.fault(kind="blocked_account")
    assert alive.limit("bid", int(alive.book()[0]["bid_price"]), "0.001").error == (403, "out_of_scope")
    assert alive.delete("/v1/order", uuid="x").error == (403, "out_of_scope")
    assert alive.get("/v1/accounts").status == 200


def test_a_closed_wallet_is_listed(alive):
    alive.fault(kind="closed_wallet", wallet="withdraw_only", **BTC)
    rows = {row["currency"]: row for row in alive.get("/v1/status/wallet").json}
    assert rows["BTC"]["wallet_state"] == "withdraw_only"
    assert rows["XRP"]["wallet_state"] == "working"
    assert {"block_state", "block_height", "block_elapsed_minutes", "net_type"} <= set(rows["XRP"])


def test_money_moved_from_outside_is_booked_and_told(alive):
    before = Decimal(alive.balance("XRP")[0])
    with alive.socket({"type": "myAsset"}, path="/websocket/v1/private") as socket:
        time.sleep(0.1)
        reply = alive.send("POST", "/sim/balances", body='{"asset": "XRP", "change": "25"}')
        assert reply.status == 200
        message = receive(socket)[1]
    assert message["assets"][0]["currency"] == "XRP"
    assert Decimal(alive.balance("XRP")[0]) == before + 25
