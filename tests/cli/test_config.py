"""`arb config`: settings are shown with secrets masked, and checked."""

import json
from pathlib import Path

import pytest

from arb.app.unread import set_by_hand, unread
from config.sections import READ_BY, StrategySettings
from config.settings import load
from tests.cli.command import arb


def test_configuration_is_shown_with_secrets_masked(tmp_path: Path) -> None:
    ended = arb(
        tmp_path,
        "config",
        "show",
        ARB_DATABASE_URL="postgresql://me:hidden@db/arb",
        ARB_BINANCE__CREDENTIALS__KEY="hidden",
        ARB_BINANCE__CREDENTIALS__SECRET="hidden",
    )
    assert ended.returncode == 0
    assert "hidden" not in ended.stdout
    assert "notional_usdt: '1000'" in ended.stdout


def test_a_wrong_setting_is_one_line_that_names_the_key(tmp_path: Path) -> None:
    ended = arb(tmp_path, "config", "validate", ARB_RISK__TRADES_OPEN_MAX="-1")
    assert ended.returncode == 2
    assert ended.stderr.startswith("arb: risk.trades_open_max: ")
    assert len(ended.stderr.splitlines()) == 1


def test_a_right_configuration_is_said_to_be(tmp_path: Path) -> None:
    ended = arb(tmp_path, "config", "validate", "--mode", "paper")
    said = ended.stdout.splitlines()
    assert (ended.returncode, said[0]) == (0, "the paper settings are in order")
    assert "breaks even at a premium of 36.0 bps away from its level" in said[-3]
    assert "+6.0 bps as converged (+840 KRW)" in said[-2]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"ARB_STRATEGY__ENTRY_EDGE_BPS": "30"}, ["fixed alone, and the strategy is pair"]),
        ({"ARB_STRATEGY__ENTRY_EDGE_BPS": "30", "ARB_STRATEGY__NAME": "fixed"}, []),
        ({"ARB_STRATEGY__ENTRY_EDGE_BPS": "30", "ARB_COINS_SETTINGS__XRP__NAME": "fixed"}, []),
        ({"ARB_COINS_SETTINGS__XRP__INVENTORY_BAND": "0.5"}, ["inventory alone, and the strategy is pair"]),
        (
            {"ARB_STRATEGY__NAME": "fixed", "ARB_STRATEGY__MIN_PROFIT_BPS": "7"},
            ["inventory and pair alone, and the strategy is fixed"],
        ),
        ({"ARB_STRATEGY__STOP_LOSS_BPS": "140", "ARB_RISK__TRADES_OPEN_MAX": "3"}, []),
    ],
)
def test_a_setting_that_the_strategy_in_force_does_not_read_is_named(variables, told) -> None:
    settings = load("paper", {"ARB_HOME": "/nowhere"} | variables)
    found = list(unread(settings, set_by_hand(variables)))
    assert [line.partition(" is read by ")[2] for line in found] == told


def test_validate_names_it(tmp_path: Path) -> None:
    ended = arb(tmp_path, "config", "validate", "--mode", "paper", ARB_STRATEGY__ENTRY_EDGE_BPS="30")
    assert "\nstrategy.entry_edge_bps: is read by fixed alone" in ended.stdout


def test_every_key_of_which_is_said_who_reads_it_is_one() -> None:
    assert set(READ_BY) <= set(StrategySettings.model_fields)


LOSING = {"ARB_STRATEGY__NAME": "fixed", "ARB_STRATEGY__ENTRY_EDGE_BPS": "15"}


def test_settings_that_lose_by_themselves_are_refused_where_money_may_be_real(tmp_path: Path) -> None:
    ended = arb(tmp_path, "config", "validate", "--mode", "paper", **LOSING)
    assert ended.returncode == 2
    assert ended.stderr.startswith("arb: strategy.entry_edge_bps: a pair that is opened at 15 ")
    assert "from 19.0 on" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("mode", "variables"),
    [("mock", {}), ("paper", {"ARB_STRATEGY__ROUND_TRIP_MAY_LOSE": "true"})],
    ids=["mock", "asked for"],
)
def test_they_are_said_to_lose_where_they_are_taken(tmp_path: Path, mode, variables) -> None:
    ended = arb(tmp_path, "config", "validate", "--mode", mode, **LOSING, **variables)
    assert ended.returncode == 0
    assert "LOSES money" in ended.stdout
    ended = arb(tmp_path, "config", "validate", "--mode", mode, "--json", **LOSING, **variables)
    found = json.loads(ended.stdout)["round_trip"]
    assert found["loses"] is True
    assert found["round_trips"]["converged"]["earned_bps"] == "-4.00"


def test_settings_as_json_are_masked_and_whole(tmp_path: Path) -> None:
    credentials = {"ARB_BINANCE__CREDENTIALS__KEY": "hidden", "ARB_BINANCE__CREDENTIALS__SECRET": "hidden"}
    ended = arb(tmp_path, "config", "show", "--json", **credentials)
    assert json.loads(ended.stdout)["settings"]["strategy"]["notional_usdt"] == "1000"
    assert "hidden" not in ended.stdout
