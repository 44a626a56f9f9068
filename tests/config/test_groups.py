"""What a mode and a group's name change: the keys in Redis and the names of the brokers' queues."""

import pytest

from arb.app.accounts import keys_of, owner_of
from arb.domain.errors import ConfigError
from arb.domain.market.ids import Venue
from config.settings import load

KEYS = {
    f"ARB_{venue}__CREDENTIALS__{part}": f"{venue}-{part}"
    for venue in ("BINANCE", "UPBIT")
    for part in ("KEY", "SECRET")
}


def settings(tmp_path, mode="mock", **environ):
    return load(mode, {"ARB_HOME": str(tmp_path), **environ})


@pytest.mark.parametrize("mode", ["mock", "paper"])
def test_each_mode_has_keys_and_queues_of_its_own(tmp_path, mode):
    found = settings(tmp_path, mode)
    assert (found.group, found.scope, found.broker_prefix, found.fallback_prefix) == (
        "",
        mode,
        f"{mode}:",
        f"{mode}_",
    )


def test_a_group_has_keys_of_its_own(tmp_path):
    found = settings(tmp_path, ARB_GROUP="btc", ARB_COINS="BTC,XRP")
    assert (found.scope, found.broker_prefix, found.coins) == ("mock:btc", "mock:btc:", ("BTC", "XRP"))
    assert found.fallback_prefix == "mock_btc_"


def test_a_name_that_no_key_can_have_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="group"):
        settings(tmp_path, ARB_GROUP="BTC:1")


def test_the_same_keys_are_the_same_account_and_tell_nothing_of_them(tmp_path):
    one, two = (keys_of(settings(tmp_path, ARB_GROUP=group, **KEYS)) for group in ("one", "two"))
    other = keys_of(settings(tmp_path, **KEYS | {"ARB_UPBIT__CREDENTIALS__KEY": "another"}))
    assert one == two
    assert "KEY" not in str(one)
    assert [venue for venue in one if one[venue] != other[venue]] == [Venue.UPBIT]


def test_a_paper_group_trades_on_paper_of_its_own(tmp_path):
    one, two = (owner_of(settings(tmp_path, "paper", ARB_GROUP=group, **KEYS)) for group in ("one", "two"))
    assert not one.may_touch(two)


def test_without_keys_there_is_no_account(tmp_path):
    assert owner_of(settings(tmp_path)).accounts == {Venue.UPBIT: "", Venue.BINANCE: ""}
