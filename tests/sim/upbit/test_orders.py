"""Orders against a real server whose market stands still, so that every fill can be computed."""

import time
import uuid
from decimal import Decimal

import pytest

from tests.sim.upbit.client import receive

FEE = Decimal("0.0005")
FAR_BELOW = 100_000_000
FAR_ABOVE = 200_000_000


def identifier():
    return f"t-{uuid.uuid4().hex[:16]}"


def asset(upbit, currency):
    return tuple(Decimal(text) for text in upbit.balance(currency))


def take(rows, side, wanted):
    """Return (volume, funds) that `wanted` base takes from one side of a book."""
    volume = funds = Decimal(0)
    for row in rows:
        part = min(Decimal(str(row[f"{side}_size"])), wanted - volume)
        volume, funds = volume + part, funds + part * row[f"{side}_price"]
    return volume, funds


def test_post_replies_wait_and_the_fill_shows_later(upbit):
    row = upbit.book()[0]
    reply = upbit.limit("bid", row["ask_price"], "0.0001", time_in_force="ioc", identifier=identifier())
    assert reply.status == 201
    assert (reply.json["state"], reply.json["executed_volume"], reply.json["trades_count"]) == (
        "wait",
        "0",
        0,
    )
    assert "trades" not in reply.json
    order = upbit.settled(reply.json["uuid"])
    assert (order["state"], order["executed_volume"], order["remaining_volume"]) == ("done", "0.0001", "0")
    assert order["trades"][0]["price"] == str(row["ask_price"])


def test_bid_pays_its_fee_on_top_and_gets_all_of_its_volume(upbit):
    krw, btc = asset(upbit, "KRW")[0], asset(upbit, "BTC")[0]
    _, funds = take(upbit.book(), "ask", Decimal("0.05"))
    reply = upbit.limit("bid", FAR_ABOVE, "0.05")
    assert Decimal(reply.json["locked"]) == Decimal("0.05") * FAR_ABOVE * (1 + FEE)
    assert Decimal(reply.json["reserved_fee"]) == Decimal("0.05") * FAR_ABOVE * FEE
    order = upbit.settled(reply.json["uuid"])
    assert Decimal(order["paid_fee"]) == funds * FEE
    assert sum(Decimal(trade["funds"]) for trade in order["trades"]) == funds
    assert len(order["trades"]) == order["trades_count"] > 1
    assert asset(upbit, "KRW") == (krw - funds * (1 + FEE), 0)
    assert asset(upbit, "BTC") == (btc + Decimal("0.05"), 0)


def test_market_ask_pays_its_fee_off_the_proceeds(upbit):
    krw, btc = asset(upbit, "KRW")[0], asset(upbit, "BTC")[0]
    _, funds = take(upbit.book(), "bid", Decimal("0.03"))
    order = upbit.settled(
        upbit.post(market="KRW-BTC", side="ask", ord_type="market", volume="0.03").json["uuid"]
    )
    assert (order["state"], order["price"], order["reserved_fee"]) == ("done", None, "0")
    assert asset(upbit, "KRW")[0] == krw + funds * (1 - FEE)
    assert asset(upbit, "BTC")[0] == btc - Decimal("0.03")


def test_market_bid_ends_in_cancel_with_what_it_bought(upbit):
    krw = asset(upbit, "KRW")[0]
    reply = upbit.post(market="KRW-BTC", side="bid", ord_type="price", price="1000000")
    assert (reply.json["locked"], reply.json["volume"]) == ("1000500", None)
    order = upbit.settled(reply.json["uuid"])
    assert (order["state"], order["remaining_volume"]) == ("cancel", None)
    spent = sum(Decimal(trade["funds"]) for trade in order["trades"])
    assert 0 < 1_000_000 - spent < 2
    assert asset(upbit, "KRW") == (krw - spent * (1 + FEE), 0)


def test_resting_bid_locks_its_funds_until_canceled(upbit):
    krw = asset(upbit, "KRW")[0]
    placed = upbit.limit("bid", FAR_BELOW, "0.00008", identifier=identifier()).json
    assert (placed["locked"], placed["reserved_fee"]) == ("8004", "4")
    assert asset(upbit, "KRW") == (krw - 8_004, 8_004)
    assert placed["uuid"] in [order["uuid"] for order in upbit.get("/v1/orders/open").json]
    reply = upbit.delete("/v1/order", identifier=placed["identifier"])
    assert (reply.status, reply.json["state"], reply.json["uuid"]) == (200, "wait", placed["uuid"])
    assert upbit.settled(placed["uuid"])["state"] == "cancel"
    assert asset(upbit, "KRW") == (krw, 0)
    assert upbit.delete("/v1/order", uuid=placed["uuid"]).error == (404, "order_not_found")


def test_ioc_remainder_is_canceled(upbit):
    row = upbit.book("KRW-XRP")[0]
    volume = Decimal(str(row["ask_size"])) + 50
    reply = upbit.limit("bid", row["ask_price"], volume, market="KRW-XRP", time_in_force="ioc")
    order = upbit.settled(reply.json["uuid"])
    assert (order["state"], order["remaining_volume"], order["locked"]) == ("cancel", "50", "0")


def test_fok_that_cannot_fill_is_canceled_without_a_trade(upbit):
    row = upbit.book("KRW-XRP")[0]
    volume = Decimal(str(row["ask_size"])) + 1
    reply = upbit.limit("bid", row["ask_price"], volume, market="KRW-XRP", time_in_force="fok")
    order = upbit.settled(reply.json["uuid"])
    assert (order["state"], order["trades"]) == ("cancel", [])


def test_post_only_that_would_take_is_accepted_and_canceled(upbit):
    reply = upbit.limit("bid", FAR_ABOVE, "0.0001", time_in_force="post_only")
    assert (reply.status, reply.json["state"]) == (201, "wait")
    order = upbit.settled(reply.json["uuid"])
    assert (order["state"], order["trades"], order["locked"]) == ("cancel", [], "0")


@pytest.mark.parametrize(("side", "amount"), [("bid", {"price": "9000000"}), ("ask", {"volume": "1000"})])
def test_best_order_takes_one_level_only(upbit, side, amount):
    row = upbit.book("KRW-XRP")[0]
    opposite = "ask" if side == "bid" else "bid"
    body = {"market": "KRW-XRP", "side": side, "ord_type": "best", "time_in_force": "ioc"} | amount
    order = upbit.settled(upbit.post(**body).json["uuid"])
    assert {trade["price"] for trade in order["trades"]} <= {str(row[f"{opposite}_price"])}
    assert order["trades"]


def test_market_order_beyond_the_book_is_refused(upbit):
    rows = upbit.book()
    volume = sum(Decimal(str(row["bid_size"])) for row in rows) + Decimal("0.001")
    reply = upbit.post(market="KRW-BTC", side="ask", ord_type="market", volume=str(volume))
    assert reply.error == (400, "create_ask_error")
    assert upbit.post(market="KRW-BTC", side="bid", ord_type="price", price="999999999").error == (
        400,
        "create_bid_error",
    )


@pytest.mark.parametrize(
    ("side", "price", "volume", "name"),
    [
        ("bid", FAR_BELOW + 500, "0.001", "invalid_price_bid"),
        ("ask", FAR_ABOVE + 1, "0.001", "invalid_price_ask"),
        ("bid", FAR_BELOW, "0.00004999", "under_min_total_bid"),
        ("ask", FAR_ABOVE, "0.00001", "under_min_total_ask"),
        ("bid", FAR_BELOW, "9.999", "insufficient_funds_bid"),
        ("ask", 80_000_000, "6", "insufficient_funds_ask"),
        ("bid", FAR_BELOW, "11", "invalid_parameter"),
        ("bid", FAR_BELOW, "0.000100001", "validation_error"),
    ],
)
def test_refusals_over_the_wire(upbit, side, price, volume, name):
    upbit.settled(upbit.post(market="KRW-BTC", side="bid", ord_type="price", price="5000").json["uuid"])
    before = upbit.get("/v1/accounts").json
    assert upbit.limit(side, price, volume).error == (400, name)
    assert upbit.get("/v1/accounts").json == before


def test_price_unit_can_change_while_it_runs(upbit):
    upbit.switch(price_units={"KRW-XRP": "5"})
    assert upbit.limit("bid", 1001, "10", market="KRW-XRP").error == (400, "invalid_price_bid")
    assert upbit.public("/v1/orderbook/instruments", markets="KRW-XRP").json[0]["tick_size"] == "5"
    upbit.switch()
    assert (
        upbit.delete("/v1/order", uuid=upbit.limit("bid", 1001, "10", market="KRW-XRP").json["uuid"]).status
        == 200
    )


def test_identifier_belongs_to_its_first_order_for_ever(upbit):
    name = identifier()
    first = upbit.limit("bid", FAR_BELOW, "0.001", identifier=name).json
    upbit.delete("/v1/order", uuid=first["uuid"])
    upbit.settled(first["uuid"])
    assert upbit.limit("bid", FAR_BELOW, "0.001", identifier=name).error == (400, "invalid_parameter")
    assert upbit.get("/v1/order", identifier=name).json["uuid"] == first["uuid"]


def test_order_refused_for_lack_of_funds_burns_its_identifier(upbit):
    name = identifier()
    assert upbit.limit("bid", FAR_BELOW, "9.999", identifier=name).error == (400, "insufficient_funds_bid")
    assert upbit.limit("bid", FAR_BELOW, "0.001", identifier=name).error == (400, "invalid_parameter")
    assert upbit.get("/v1/order", identifier=name).error == (404, "order_not_found")


@pytest.mark.parametrize(("forgets", "status"), [(True, 201), (False, 400)])
def test_order_refused_for_its_form_burns_its_identifier(upbit, forgets, status):
    name = identifier()
    if forgets:
        upbit.fault(kind="identifier_free_after_refusal")
    assert upbit.limit("bid", FAR_BELOW + 1, "0.001", identifier=name).status == 400
    again = upbit.limit("bid", FAR_BELOW, "0.001", identifier=name)
    assert again.status == status
    if status == 201:
        upbit.delete("/v1/order", uuid=again.json["uuid"])


@pytest.mark.parametrize(("forgets", "status"), [(True, 201), (False, 400)])
def test_order_refused_by_a_planned_fault_burns_its_identifier(upbit, forgets, status):
    name = identifier()
    if forgets:
        upbit.fault(kind="identifier_free_after_refusal")
    upbit.fault(kind="reject", count=1)
    assert upbit.limit("bid", FAR_BELOW, "0.001", identifier=name).error == (400, "validation_error")
    again = upbit.limit("bid", FAR_BELOW, "0.001", identifier=name)
    assert again.status == status
    if status == 201:
        upbit.delete("/v1/order", uuid=again.json["uuid"])


def test_order_is_received_by_the_real_clock_however_the_venue_s_is_skewed(upbit):
    upbit.fault(kind="clock_skew_ms", delay_ms=-60_000)
    name = identifier()
    upbit.limit("bid", FAR_BELOW, "0.001", identifier=name)
    (row,) = [row for row in upbit.send("GET", "/sim/orders").json["orders"] if row["client_id"] == name]
    assert abs(row["created_ns"] - row["received_ns"]) < 10_000_000_000
    upbit.delete("/v1/order", uuid=row["order_id"])


def test_self_trade_cancels_the_maker(upbit):
    rows = upbit.book()
    price = rows[0]["bid_price"] + 1000 * ((rows[0]["ask_price"] - rows[0]["bid_price"]) // 2000)
    maker = upbit.limit("ask", price, "0.001").json
    taker = upbit.limit("bid", price, "0.001", time_in_force="ioc").json
    assert upbit.settled(taker["uuid"])["executed_volume"] == "0"
    assert upbit.settled(maker["uuid"])["state"] == "cancel"


def test_cancel_and_new_replaces_an_order(upbit):
    old = upbit.limit("bid", FAR_BELOW, "0.001").json
    reply = upbit.post(
        "/v1/orders/cancel_and_new",
        prev_order_uuid=old["uuid"],
        new_ord_type="limit",
        new_volume="remain_only",
        new_price=str(FAR_BELOW + 1000),
        new_identifier=(name := identifier()),
    )
    assert (reply.status, reply.json["uuid"], reply.json["new_order_identifier"]) == (201, old["uuid"], name)
    assert upbit.settled(old["uuid"])["state"] == "cancel"
    new = upbit.get("/v1/order", identifier=name).json
    assert (new["uuid"], new["volume"], new["price"]) == (reply.json["new_order_uuid"], "0.001", "100001000")
    again = upbit.post("/v1/orders/cancel_and_new", prev_order_uuid=old["uuid"], new_ord_type="limit")
    assert again.error == (404, "order_not_found")
    upbit.delete("/v1/order", uuid=new["uuid"])


def test_lists_and_batch_cancels(upbit):
    placed = [upbit.limit("bid", FAR_BELOW, "0.001", identifier=identifier()).json for _ in range(3)]
    uuids = [order["uuid"] for order in placed]
    pairs = [("uuids[]", each) for each in uuids]
    assert [order["uuid"] for order in upbit.get("/v1/orders/uuids", *pairs).json] == uuids[::-1]
    by_name = upbit.get("/v1/orders/uuids", ("identifiers[]", placed[0]["identifier"]), order_by="asc").json
    assert [order["uuid"] for order in by_name] == uuids[:1]
    assert [o["uuid"] for o in upbit.get("/v1/orders/open", limit=2, page=1).json] == uuids[:0:-1]
    outcome = upbit.delete("/v1/orders/uuids", ("uuids[]", uuids[0]), ("uuids[]", "unknown")).json
    assert (outcome["success"]["count"], outcome["failed"]["count"]) == (1, 1)
    upbit.settled(uuids[0])
    outcome = upbit.delete("/v1/orders/open", cancel_side="bid", quote_currencies="KRW").json
    assert {order["uuid"] for order in outcome["success"]["orders"]} == set(uuids[1:])
    assert all(upbit.settled(each)["state"] == "cancel" for each in uuids[1:])
    closed = upbit.get("/v1/orders/closed", ("states[]", "cancel"), limit=3).json
    assert [order["uuid"] for order in closed] == uuids[::-1]
    assert upbit.get("/v1/orders/open").json == []


def test_closed_window_is_at_most_seven_days(upbit):
    reply = upbit.get("/v1/orders/closed", start_time="2026-01-01T00:00:00+09:00", end_time="1795000000000")
    assert reply.error == (400, "invalid_parameter")


def test_order_test_creates_nothing(upbit):
    before = upbit.kinds()
    body = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "volume": "0.001", "price": "100000000"}
    reply = upbit.post("/v1/orders/test", **body)
    assert (reply.status, reply.json["state"], reply.json["locked"]) == (201, "wait", "100050")
    assert upbit.post("/v1/orders/test", **(body | {"price": "100000001"})).error == (
        400,
        "invalid_price_bid",
    )
    assert upbit.kinds() == before


def test_chance_names_fees_minimum_and_accounts(upbit):
    chance = upbit.get("/v1/orders/chance", market="KRW-BTC").json
    assert (chance["bid_fee"], chance["market"]["bid"]["min_total"]) == ("0.0005", "5000")
    assert chance["ask_account"]["currency"] == "BTC"
    assert upbit.get("/v1/orders/chance", market="KRW-NONE").error == (400, "validation_error")


def test_nothing_is_created_or_lost(upbit):
    balances = upbit.send("GET", "/sim/balances").json
    fills = upbit.send("GET", "/sim/fills").json["fills"]
    fees = sum(Decimal(fill["fee"]) for fill in fills)
    assert Decimal(balances["fees"]["KRW"]) == fees
    signed = [
        Decimal(f["price"]) * Decimal(f["quantity"]) * (1 if f["side"] == "SELL" else -1) for f in fills
    ]
    krw = balances["current"]["KRW"]
    assert (
        Decimal(krw["free"]) + Decimal(krw["locked"])
        == Decimal(balances["initial"]["KRW"]) + sum(signed) - fees
    )


@pytest.mark.parametrize(("mode", "side"), [("cancel_maker", "bid"), ("cancel_taker", "ask")])
def test_a_prevented_self_match_says_which_order_gave_way_and_how_much_of_it(upbit, mode, side):
    row = upbit.book("KRW-XRP")[0]
    price = row["ask_price"] * 11 // 10 if side == "bid" else row["bid_price"] * 9 // 10
    maker = upbit.limit({"bid": "ask", "ask": "bid"}[side], price, "100", "KRW-XRP").json["uuid"]
    with upbit.socket({"type": "myOrder"}, path="/websocket/v1/private") as socket:
        time.sleep(0.1)
        taken = upbit.limit(side, price, "120000", "KRW-XRP", time_in_force="ioc", smp_type=mode).json
        event = receive(socket)[1]
        while event["state"] != "prevented":
            event = receive(socket)[1]
    assert event["uuid"] == (maker if mode == "cancel_maker" else taken["uuid"])
    ended = upbit.settled(event["uuid"])
    assert ended["state"] == "cancel"
    assert Decimal(ended["prevented_volume"]) == Decimal(ended["remaining_volume"]) > 0
    upbit.delete("/v1/order", uuid=maker)


@pytest.mark.parametrize(
    ("kind", "name", "late"), [("late_fee", "paid_fee", "0"), ("late_trades", "trades", [])]
)
def test_what_an_order_paid_and_its_trades_are_told_late_by_plan(upbit, kind, name, late):
    own = identifier()
    upbit.fault(kind=kind, delay_ms=300)
    upbit.limit("bid", FAR_ABOVE, "0.0001", identifier=own, time_in_force="ioc")
    assert upbit.get("/v1/order", identifier=own).json[name] == late
    time.sleep(0.4)
    assert upbit.get("/v1/order", identifier=own).json[name] != late


def meet(upbit, side, smp_type, resting, taking):
    """Let an order of the account meet another one at the touch; return what became of the two."""
    price = upbit.book("KRW-BTC")[0][f"{side}_price"]
    maker = upbit.limit(side, price, resting, "KRW-BTC").json["uuid"]
    other = {"bid": "ask", "ask": "bid"}[side]
    taken = upbit.limit(other, price, taking, "KRW-BTC", time_in_force="ioc", smp_type=smp_type).json
    taker, maker = upbit.settled(taken["uuid"]), upbit.get("/v1/order", uuid=maker).json
    upbit.delete("/v1/order", uuid=maker["uuid"])
    return maker, taker


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_reduce_takes_the_smaller_off_both_and_what_rests_locks_less(upbit, side):
    maker, taker = meet(upbit, side, "reduce", "0.005", "0.002")
    assert taker["state"] == "cancel"
    assert Decimal(taker["prevented_volume"]) == Decimal(maker["prevented_volume"]) == Decimal("0.002")
    assert (maker["state"], Decimal(maker["remaining_volume"])) == ("wait", Decimal("0.003"))
    paid = Decimal(maker["price"]) * Decimal("1.0005") if side == "bid" else 1
    assert Decimal(maker["locked"]) == Decimal("0.003") * paid
    assert upbit.until(lambda: not any(upbit.get("/v1/orders/open").json or []))


def test_none_lets_the_accounts_orders_trade_with_each_other(upbit):
    maker, taker = meet(upbit, "bid", "none", "0.005", "0.002")
    assert taker["state"] == "done"
    assert Decimal(taker["executed_volume"]) == Decimal(maker["executed_volume"]) == Decimal("0.002")
    assert Decimal(taker["prevented_volume"]) == Decimal(maker["prevented_volume"]) == 0
