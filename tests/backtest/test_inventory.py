"""*inventory* in whole replays: what was planted earns, nothing is closed, shuffled prices open nothing."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.backtest.asked import settings_of
from arb.backtest.replay.run import ReplayPlan, replay
from arb.domain.trading.trade import TradeState
from tests.backtest.series import load, mapping_of, write_csv
from tests.backtest.test_pair import with_premiums
from tests.domain.strategy import premiums

DEFAULTS = settings_of(["strategy.name=inventory"], {})


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inventory")
    return load(write_csv(folder / "prices.csv", 3 * premiums.DAY), mapping_of(folder))


@pytest.fixture(scope="module")
def planted(series):
    return ReplayPlan(series=with_premiums(series, premiums.planted), settings=DEFAULTS)


def test_premiums_of_both_signs_earn_and_nothing_is_closed(planted):
    found = replay(planted)
    assert len(found.records) > 5
    assert {each.state for each in found.records} == {TradeState.CLOSED}
    assert {each.reason for each in found.records} == {"exchanged"}
    assert {each.orders for each in found.records} == {2}
    assert min(each.pnl_krw for each in found.records) > -2_000  # what a latency may cost
    assert sum(each.pnl_krw for each in found.records) > 0


def test_what_is_booked_is_what_the_accounts_gained(planted):
    found = replay(planted)
    moved = {key: found.ended_with[key] - amount for key, amount in found.began_with.items()}
    by_asset: dict[str, Decimal] = {}
    for (_, asset), amount in moved.items():
        by_asset[asset] = by_asset.get(asset, Decimal(0)) + amount
    rate = Decimal(repr(float(planted.series.rate[-1])))
    coins = sum(
        by_asset[coin] * Decimal(repr(float(planted.series.prices[planted.pair.second, coin][-1]))) * rate
        for coin in planted.series.coins
    )
    gained = by_asset["KRW"] + by_asset["USDT"] * rate + coins
    booked = sum(each.pnl_krw for each in found.records)
    drift = max(abs(by_asset["KRW"]), Decimal(1))
    assert abs(gained - booked) < drift * Decimal("0.05")  # the rate's move on what drifted


def test_what_is_passed_over_is_what_the_engine_would_have_left(planted):
    screened, whole = replay(planted), replay(replace(planted, screened=False))
    assert screened.records == whole.records
    assert screened.evaluated < whole.evaluated / 3


@pytest.mark.parametrize("make", [premiums.shuffled, premiums.increments_shuffled, premiums.walk])
def test_where_nothing_stands_or_comes_back_nothing_is_taken(series, make):
    found = replay(ReplayPlan(series=with_premiums(series, make), settings=DEFAULTS))
    assert found.records == ()


def test_no_coin_lies_beyond_its_band(planted):
    narrow = settings_of(["strategy.name=inventory", "strategy.inventory_band=0.3"], {})
    found = replay(replace(planted, settings=narrow))
    assert found.records
    first, second = planted.pair.venues
    for coin in planted.series.coins:
        lies = [found.ended_with[venue, coin] for venue in (first, second)]
        assert abs(lies[0] - lies[1]) / sum(lies) <= Decimal("0.301")
