"""Deposits and withdrawals over the wire: read in full, and never made."""

import json
from decimal import Decimal

import pytest

from tests.sim.upbit.conftest import running

BTC = {"currency": "BTC", "net_type": "BTC"}


def move(upbit, asset, change):
    body = json.dumps({"asset": asset, "change": change})
    assert upbit.send("POST", "/sim/balances", body=body).status == 200


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """An account that opened with three currencies, got XRP twice and gave BTC away."""
    with running(tmp_path_factory.mktemp("moved")) as client:
        for asset, change in (("XRP", "25"), ("BTC", "-0.5"), ("XRP", "1.5")):
            move(client, asset, change)
        yield client


def told(rows):
    return [(row["currency"], row["amount"]) for row in rows]


def test_what_opened_and_what_came_is_deposited_newest_first(moved):
    rows = moved.get("/v1/deposits").json
    assert told(rows)[:2] == [("XRP", "1.5"), ("XRP", "25")]
    assert sorted(told(rows)[2:]) == [("BTC", "5"), ("KRW", "1000000000"), ("XRP", "100000")]
    assert {row["state"] for row in rows} == {"ACCEPTED"}
    assert [row["net_type"] for row in rows if row["currency"] == "KRW"] == [None]


def test_what_went_is_withdrawn(moved):
    (row,) = moved.get("/v1/withdraws").json
    assert (row["type"], row["currency"], row["amount"], row["state"]) == ("withdraw", "BTC", "0.5", "DONE")
    assert row["is_cancelable"] is False


def test_transfers_and_trades_explain_every_balance(moved):
    ask = moved.book("KRW-XRP")[0]["ask_price"]
    placed = moved.limit("bid", ask, "10", "KRW-XRP", time_in_force="ioc").json
    bought = Decimal(moved.settled(placed["uuid"])["executed_volume"])
    came = sum(Decimal(row["amount"]) for row in moved.get("/v1/deposits", currency="XRP").json)
    assert Decimal(moved.balance("XRP")[0]) == came + bought


@pytest.mark.parametrize(
    ("asked", "amounts"),
    [
        ({"currency": "XRP", "order_by": "asc"}, ["100000", "25", "1.5"]),
        ({"currency": "XRP", "limit": 1}, ["1.5"]),
        ({"currency": "XRP", "limit": 1, "page": 2}, ["25"]),
        ({"currency": "XRP", "page": 2}, []),
        ({"currency": "XRP", "state": "ACCEPTED", "limit": 1}, ["1.5"]),
        ({"state": "PROCESSING"}, []),
        ({"currency": "NOSUCH"}, []),
    ],
)
def test_a_list_is_chosen_from(moved, asked, amounts):
    assert [row["amount"] for row in moved.get("/v1/deposits", **asked).json] == amounts


def test_a_list_goes_on_from_one_of_its_rows(moved):
    first, middle, last = moved.get("/v1/deposits", currency="XRP", order_by="asc").json
    after = moved.get("/v1/deposits", ("from", middle["uuid"]), ("currency", "XRP")).json
    before = moved.get("/v1/deposits", ("to", middle["uuid"]), ("currency", "XRP")).json
    assert (after, before) == ([last], [first])
    some = moved.get("/v1/deposits", ("uuids[]", first["uuid"]), ("uuids[]", last["uuid"])).json
    assert some == [last, first]
    assert moved.get("/v1/deposits", ("txids[]", middle["txid"])).json == [middle]


@pytest.mark.parametrize(
    ("path", "asked", "error"),
    [
        ("deposits", {"state": "DONE"}, "validation_error"),
        ("withdraws", {"state": "ACCEPTED"}, "validation_error"),
        ("deposits", {"limit": 101}, "invalid_parameter"),
        ("deposits", {"from": "nobody"}, "invalid_parameter"),
        ("deposits", {"uuids[]": "a", "txids[]": "b"}, "invalid_parameter"),
        ("deposits/chance/coin", {}, "validation_error"),
        ("deposits/chance/coin", {"currency": "BTC"}, "validation_error"),
        ("deposits/chance/coin", {"currency": "KRW"}, "validation_error"),
        ("deposits/chance/coin", {"currency": "BTC", "net_type": "TRX"}, "validation_error"),
        ("withdraws/chance", {"currency": "NOSUCH", "net_type": "NOSUCH"}, "validation_error"),
        ("deposits/coin_address", {"currency": "BTC"}, "validation_error"),
    ],
)
def test_what_makes_no_sense_is_refused(moved, path, asked, error):
    assert moved.get(f"/v1/{path}", **asked).error == (400, error)


def test_one_transfer_by_its_ids_or_the_newest(moved):
    rows = moved.get("/v1/deposits").json
    assert moved.get("/v1/deposit").json == rows[0]
    assert moved.get("/v1/deposit", uuid=rows[2]["uuid"]).json == rows[2]
    assert moved.get("/v1/deposit", txid=rows[3]["txid"], currency=rows[3]["currency"]).json == rows[3]
    assert moved.get("/v1/deposit", uuid=rows[0]["uuid"], currency="BTC").error == (404, "deposit_not_found")
    assert moved.get("/v1/withdraw", currency="XRP").error == (404, "withdraw_not_found")


def test_chances_say_what_the_wallet_says(upbit):
    for wallet, deposit, withdraw, supported in (
        (None, True, True, ["deposit", "withdraw"]),
        ("deposit_only", True, False, ["deposit"]),
        ("withdraw_only", False, True, ["withdraw"]),
        ("paused", False, False, []),
        ("unsupported", False, False, []),
    ):
        upbit.clear_faults()
        if wallet is not None:
            upbit.fault(kind="closed_wallet", wallet=wallet, coins=["BTC"])
        chance = upbit.get("/v1/deposits/chance/coin", **BTC).json
        assert chance["is_deposit_possible"] is deposit
        assert bool(chance["deposit_impossible_reason"]) is not deposit
        chance = upbit.get("/v1/withdraws/chance", **BTC).json
        assert chance["withdraw_limit"]["can_withdraw"] is withdraw
        assert chance["currency"]["wallet_support"] == supported
        assert (chance["currency"]["wallet_state"] == "unsupported") is (wallet == "unsupported")


def test_the_chance_of_a_withdrawal_shows_the_balance(upbit):
    for asked in ({"currency": "KRW"}, BTC):
        chance = upbit.get("/v1/withdraws/chance", **asked).json
        rows = {row["currency"]: row for row in upbit.get("/v1/accounts").json}
        assert chance["account"] == rows[asked["currency"]]
        assert chance["currency"]["is_coin"] is (asked["currency"] != "KRW")


def test_an_address_is_nobodys(upbit):
    rows = upbit.get("/v1/deposits/coin_addresses").json
    assert [row["currency"] for row in rows] == ["BTC", "SOL", "USDT", "XRP"]
    assert all(row["deposit_address"].startswith("simulated-") for row in rows)
    assert upbit.get("/v1/deposits/coin_address", **BTC).json == rows[0]
    assert upbit.get("/v1/withdraws/coin_addresses").json == []


ALL_RIGHTS = ["view_assets", "view_deposits", "view_withdrawals", "deposit", "withdraw"]


@pytest.mark.parametrize("permissions", [None, ALL_RIGHTS])
def test_nothing_moves_whatever_the_key_may(upbit, permissions):
    if permissions is not None:
        upbit.switch(permissions=permissions)
    before = upbit.get("/v1/accounts").json, upbit.kinds()
    for path, body in (
        ("deposits/krw", {"amount": "10000", "two_factor_type": "kakao"}),
        ("deposits/generate_coin_address", BTC),
        ("withdraws/krw", {"amount": "10000", "two_factor_type": "kakao"}),
        ("withdraws/coin", BTC | {"amount": "1", "address": "somewhere"}),
    ):
        assert upbit.post(f"/v1/{path}", **body).error == (403, "out_of_scope")
    assert upbit.delete("/v1/withdraws/coin", uuid="any").error == (403, "out_of_scope")
    assert (upbit.get("/v1/accounts").json, upbit.kinds()) == before


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("deposits", "view_deposits"),
        ("deposits/chance/coin", "view_deposits"),
        ("withdraws", "view_withdrawals"),
        ("withdraws/chance", "view_withdrawals"),
    ],
)
def test_each_chapter_has_a_right_of_its_own(upbit, path, missing):
    every = {"view_assets", "view_orders", "make_orders", "view_deposits", "view_withdrawals"}
    upbit.switch(permissions=sorted(every - {missing}))
    assert upbit.get(f"/v1/{path}", **BTC).error == (403, "out_of_scope")
    upbit.switch(permissions=[missing])
    assert upbit.get(f"/v1/{path}", **BTC).status == 200


def test_a_key_that_is_not_known_learns_nothing(upbit):
    assert upbit.send("GET", "/v1/deposits").error == (401, "no_authorization_token")
    assert upbit.send("POST", "/v1/withdraws/coin", body="{}").error == (401, "no_authorization_token")


def test_slashes_that_follow_each_other_are_one(upbit):
    assert upbit.get("//v1/deposits", currency="KRW").json == upbit.get("/v1/deposits", currency="KRW").json
    assert upbit.get("//v1/nowhere").error == (404, "not_found")


def test_a_restarted_venue_knows_its_transfers(tmp_path):
    journal = tmp_path / "journal.jsonl"
    with running(tmp_path, journal=journal) as upbit:
        move(upbit, "XRP", "-3")
        before = upbit.get("/v1/deposits").json, upbit.get("/v1/withdraws").json
    with running(tmp_path, journal=journal) as upbit:
        assert (upbit.get("/v1/deposits").json, upbit.get("/v1/withdraws").json) == before


def test_an_account_that_has_nothing_has_no_transfers(tmp_path):
    with running(tmp_path, balances={"upbit": {"KRW": "0"}}) as upbit:
        assert upbit.get("/v1/deposits").json == []
        assert upbit.get("/v1/deposit").error == (404, "deposit_not_found")
