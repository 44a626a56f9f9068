"""*pair* by its defaults, in whole replays: it earns what was planted, and opens nothing else."""

from dataclasses import replace
from decimal import Decimal
from random import Random

import numpy as np
import pytest

from arb.backtest.asked import ReplayRequest, load_series, settings_of
from arb.backtest.replay.run import ReplayPlan, replay
from arb.backtest.synth.benchmark import foresight_document
from arb.backtest.synth.files import read_plants, write_market
from arb.backtest.synth.market import MarketSpec, synthetic_market
from arb.domain.strategy.pair import UNKNOWN
from arb.domain.time import ALWAYS, NS_PER_HOUR
from tests.backtest.series import PAIR, load, mapping_of, write_csv
from tests.domain.strategy import premiums

DEFAULTS = settings_of([], {})
DAYS = 5


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    return load(write_csv(folder / "prices.csv", DAYS * premiums.DAY), mapping_of(folder))


def with_premiums(series, make):
    """Return a series whose coins have these premiums."""
    first, second = PAIR.venues
    prices = dict(series.prices)
    for seed, coin in enumerate(series.coins):
        bps = np.array(make(Random(seed), len(series)))
        prices[first, coin] = np.round(series.prices[second, coin] * series.rate * (1 + bps / 10_000))
    return replace(series, prices=prices)


def test_premiums_that_come_and_go_earn(series):
    found = replay(ReplayPlan(series=with_premiums(series, premiums.planted), settings=DEFAULTS))
    assert len(found.records) > 20
    assert sum(each.pnl_krw for each in found.records) > 0
    assert min(each.pnl_krw for each in found.records) > -2_000  # what a latency may cost


@pytest.mark.parametrize(
    "make",
    [
        premiums.shuffled,
        premiums.increments_shuffled,
        premiums.walk,
        premiums.slowly_back,
        premiums.steps,
    ],
)
def test_where_nothing_comes_back_nothing_is_opened(series, make):
    found = replay(ReplayPlan(series=with_premiums(series, make), settings=DEFAULTS))
    assert found.records == ()


def test_what_is_passed_over_is_what_the_engine_would_have_left(series):
    cut = with_premiums(series, premiums.planted).cut(0, 3 * premiums.DAY)
    plan = ReplayPlan(series=cut, settings=DEFAULTS)
    screened, whole = replay(plan), replay(replace(plan, screened=False))
    assert screened.records == whole.records
    assert len(screened.records) > 5
    assert screened.evaluated < whole.evaluated / 3


def test_rows_an_hour_apart_open_nothing_and_say_why(series):
    swings = with_premiums(series, lambda draw, rows: premiums.planted(draw, rows, size=200.0))
    apart = replace(swings.assumed, gap_ns=2 * NS_PER_HOUR)
    hourly = replace(swings, ts_ns=swings.ts_ns * 60, assumed=apart)
    found = replay(ReplayPlan(series=hourly, settings=DEFAULTS))
    assert found.records == ()
    assert found.refused[UNKNOWN] > 10


@pytest.mark.parametrize("seed", [11, 12])
def test_most_of_what_foresight_earns_of_planted_premiums_and_nothing_of_shuffled_ones(tmp_path, seed):
    for is_shuffled in (False, True):
        path = tmp_path / f"{is_shuffled}.parquet"
        wanted = MarketSpec(coins=8, days=6, seed=seed, is_shuffled=is_shuffled)
        write_market(synthetic_market(wanted, PAIR), path)
        asked = ReplayRequest(data=path, span=ALWAYS, depth_usdt=Decimal(20_000), latency_ms=150, seed=7)
        found = replay(ReplayPlan(series=load_series(asked, DEFAULTS), settings=DEFAULTS))
        if is_shuffled:
            assert found.records == ()
        else:
            told = foresight_document(found, read_plants(path))["planted"]
            assert Decimal(told["taken_share"]) >= Decimal("0.6")
