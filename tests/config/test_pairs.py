"""Settings are held against the fees and least totals of the pair that is traded."""

import pytest

from arb.domain.errors import ConfigError
from config.settings import load


def settings(tmp_path, pair: str, **environ: str):
    return load("mock", {"ARB_HOME": str(tmp_path), "ARB_PAIR": pair, **environ})


@pytest.mark.parametrize(
    ("pair", "fees"), [("upbit,binance", 30), ("bithumb,binance", 70), ("upbit,bithumb", 60)]
)
def test_a_stop_loss_within_the_fees_of_the_pair_is_refused(tmp_path, pair: str, fees: int):
    with pytest.raises(ConfigError, match=rf"^strategy\.stop_loss_bps: {fees} is not above the {fees} bps"):
        settings(tmp_path, pair, ARB_STRATEGY__STOP_LOSS_BPS=str(fees))
    assert settings(tmp_path, pair, ARB_STRATEGY__STOP_LOSS_BPS=str(fees + 1))


@pytest.mark.parametrize(
    ("pair", "least", "venue"),
    [
        ("upbit,binance", "6.25", "binance"),
        ("upbit,bithumb", "4.47", "upbit"),
        ("bithumb,binance", "6.25", "binance"),
    ],
)
def test_a_size_must_leave_room_above_every_venues_least_total(tmp_path, pair: str, least: str, venue: str):
    """5,000 KRW at the assumed 1,400 are 3.58 USDT, with room 4.47; 5 USDT with room are 6.25."""
    below = f"{float(least) - 0.01:.2f}"
    with pytest.raises(ConfigError, match=rf"above {venue}'s minimum of .*: set at least {least}"):
        settings(tmp_path, pair, ARB_STRATEGY__NOTIONAL_USDT=below)
    assert settings(tmp_path, pair, ARB_STRATEGY__NOTIONAL_USDT=least)


def test_a_pair_in_one_currency_is_sized_at_the_assumed_rate(tmp_path):
    found = settings(tmp_path, "upbit,bithumb")
    assert found.leg_notional == found.strategy.notional_usdt * found.assumptions.krw_per_usdt
    ceiling = {"ARB_RISK__NOTIONAL_TOTAL_KRW_MAX": str(found.leg_notional - 1)}
    with pytest.raises(ConfigError, match=r"^strategy\.notional_usdt: 1000 makes 1,400,000 KRW"):
        settings(tmp_path, "upbit,bithumb", **ceiling)
