"""A venue that was killed knows what it knew, and two venues of one configuration are the same."""

from tests.sim.upbit.conftest import running

PRICE = 100_000_000


def scenario(upbit):
    """Trade a little and return everything a client can see of it."""
    row = upbit.book()[0]
    bought = upbit.limit("bid", row["ask_price"], "0.0001", time_in_force="ioc", identifier="one").json
    resting = upbit.limit("bid", PRICE, "0.001", identifier="two").json
    upbit.limit("bid", PRICE, "9.999", identifier="three")
    done = upbit.settled(bought["uuid"])
    fills = [(trade["uuid"], trade["price"], trade["volume"]) for trade in done["trades"]]
    return upbit.book(), fills, done["uuid"], resting["uuid"], upbit.get("/v1/accounts").json


def test_one_configuration_makes_one_venue(tmp_path):
    with running(tmp_path) as first, running(tmp_path) as second:
        assert scenario(first) == scenario(second)


def test_killed_venue_keeps_orders_fills_balances_and_identifiers(tmp_path):
    journal = tmp_path / "journal.jsonl"
    with running(tmp_path, journal=journal) as upbit:
        _, fills, done, resting, accounts = scenario(upbit)
    with running(tmp_path, journal=journal) as upbit:
        assert upbit.get("/v1/accounts").json == accounts
        trades = upbit.get("/v1/order", identifier="one").json["trades"]
        assert [(trade["uuid"], trade["price"], trade["volume"]) for trade in trades] == fills
        assert [order["uuid"] for order in upbit.get("/v1/orders/open").json] == [resting]
        assert [order["uuid"] for order in upbit.get("/v1/orders/closed").json] == [done]
        for used in ("one", "two", "three"):
            assert upbit.limit("bid", PRICE, "0.001", identifier=used).error == (400, "invalid_parameter")
