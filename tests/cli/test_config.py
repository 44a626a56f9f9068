"""`arb config`: settings are shown with secrets masked, and checked."""

import json
from pathlib import Path

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
    assert (ended.returncode, ended.stdout) == (0, "the paper settings are in order\n")


def test_settings_as_json_are_masked_and_whole(tmp_path: Path) -> None:
    credentials = {"ARB_BINANCE__CREDENTIALS__KEY": "hidden", "ARB_BINANCE__CREDENTIALS__SECRET": "hidden"}
    ended = arb(tmp_path, "config", "show", "--json", **credentials)
    assert json.loads(ended.stdout)["strategy"]["notional_usdt"] == "1000"
    assert "hidden" not in ended.stdout
