"""Synthetic markets: seeded, calm where real ones are, with what was planted named and in its place."""

import json
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from typer.testing import CliRunner

from arb.backtest.asked import ReplayRequest, load_series
from arb.backtest.synth.files import read_plants, sidecar_of, write_market
from arb.backtest.synth.market import BEGINS_S, KRW_PER_USDT, MarketSpec, synthetic_market
from arb.backtest.synth.plants import APART, BREAK, Plant, planted, shuffled
from arb.cli.main import app
from arb.domain.errors import ConfigError
from arb.domain.time import ALWAYS
from tests.backtest.series import PAIR, SETTINGS

WANTED = MarketSpec(coins=6, days=8, seed=11)
SNAPSHOTS_STDEV_BPS = (6.0, 9.0)  # of large coins' net premium: 7.0, 7.8 and 8.4 in 1,806 snapshots of 2026


@pytest.fixture(scope="module")
def market():
    return synthetic_market(WANTED, PAIR)


def prices(market, coin):
    first, second = (market.columns[f"{v.value}_{coin.lower()}_{v.quote.lower()}"] for v in PAIR.venues)
    return first, second, market.columns[f"{PAIR.first}_usdt_krw"]


def premium_bps(market, coin):
    first, second, rate = prices(market, coin)
    return (first / (second * rate) - 1) * 10_000


def test_same_seed_is_the_same_file_and_another_one_is_not(tmp_path, market):
    for name, wanted in (("a", WANTED), ("b", WANTED), ("c", replace(WANTED, seed=12))):
        write_market(synthetic_market(wanted, PAIR), tmp_path / f"{name}.parquet")
    written = {name: (tmp_path / f"{name}.parquet").read_bytes() for name in "abc"}
    named = {name: sidecar_of(tmp_path / f"{name}.parquet").read_bytes() for name in "abc"}
    assert written["a"] == written["b"] != written["c"]
    assert named["a"] == named["b"] != named["c"]


def test_a_coin_is_the_same_however_many_there_are(market):
    fewer = synthetic_market(replace(WANTED, coins=4), PAIR)
    for name, column in fewer.columns.items():
        assert np.array_equal(column, market.columns[name], equal_nan=True), name


def test_large_coins_are_as_calm_as_they_were():
    calm = synthetic_market(replace(WANTED, days=2), PAIR)  # too short for a break
    assert not [plant for plant in calm.plants if plant.kind == BREAK]
    low, high = SNAPSHOTS_STDEV_BPS
    for coin in ("BTC", "ETH", "XRP"):
        found = premium_bps(calm, coin)
        known = found[~np.isnan(found)]
        spread = 1.4826 * np.median(np.abs(known - np.median(known)))
        assert low < spread < high, coin
        assert (np.abs(known) > 30).mean() < 0.01, coin
    rate = calm.columns[f"{PAIR.first}_usdt_krw"]
    assert np.array_equal(rate[~np.isnan(rate)] % 1, np.zeros((~np.isnan(rate)).sum()))
    assert abs(np.nanmean(rate) / KRW_PER_USDT - 1) < 0.03


def test_what_is_planted_is_there_at_its_size_and_halves_in_its_time(market):
    large = [plant for plant in market.plants if abs(plant.size_bps) > 60]
    assert len(large) > 10
    seen, meant = [], []
    for plant in large:
        found = premium_bps(market, plant.coin)
        for at in (plant.peak, plant.peak + round(plant.half_life)):
            here = found[at : at + 1]
            if not np.isnan(here).any():
                seen.append(float(here[0]))
                meant.append(float(plant.path()[at - plant.begins]))
    off = np.array(seen) - np.array(meant)
    assert abs(np.mean(off)) < 8
    assert np.std(off) < 25  # noise of a break is twice as large
    assert np.corrcoef(seen, meant)[0, 1] > 0.95


def test_everything_breaks_at_once_in_one_direction(market):
    of_breaks = [plant for plant in market.plants if plant.kind == BREAK]
    first = min(plant.begins for plant in of_breaks)
    together = [plant for plant in of_breaks if plant.begins - first <= 3]
    assert len({plant.coin for plant in together}) == WANTED.coins
    assert len({plant.size_bps > 0 for plant in together}) == 1


def test_no_two_plants_of_a_coin_overlap_and_all_lie_within(market):
    for coin in {plant.coin for plant in market.plants}:
        own = [plant for plant in market.plants if plant.coin == coin]
        assert all(plant.ends <= WANTED.minutes for plant in own)
        assert all(earlier.ends <= later.begins for earlier, later in pairwise(own))


def test_shuffled_has_the_same_minutes_and_nothing_lasts(market):
    plants = [plant for plant in market.plants if plant.coin == "ADA"]
    path = planted(plants, WANTED.minutes)
    other = shuffled(path, 4, WANTED.seed)
    assert np.array_equal(np.sort(other), np.sort(path))
    assert np.diff(np.flatnonzero(other)).min() >= APART
    mixed = synthetic_market(replace(WANTED, is_shuffled=True), PAIR)
    assert mixed.plants == market.plants
    rate = f"{PAIR.first}_usdt_krw"
    assert np.array_equal(mixed.columns[rate], market.columns[rate], equal_nan=True)
    assert np.array_equal(mixed.columns["binance_ada_usdt"], market.columns["binance_ada_usdt"])


def test_a_path_that_is_planted_everywhere_is_shuffled_as_far_as_there_is_room():
    plant = Plant(coin="ADA", kind="own", begins=0, rise=1, size_bps=100.0, half_life=2.0)
    path = planted([plant], plant.ends)
    found = shuffled(path, 0, 1)
    assert len(found) == len(path)
    assert np.diff(np.flatnonzero(found)).min() >= APART


def test_what_is_written_is_read_like_any_other_series(tmp_path, market):
    path = tmp_path / "made.parquet"
    write_market(market, path)
    asked = ReplayRequest(data=path, span=ALWAYS, depth_usdt=Decimal(20_000), latency_ms=150, seed=7)
    series = load_series(asked, SETTINGS)
    assert len(series) == WANTED.minutes
    assert set(series.coins) == {plant.coin for plant in market.plants}
    assert series.rate_step == 1
    first, _, rate = prices(market, "ADA")
    assert np.array_equal(series.prices[PAIR.first, "ADA"], first, equal_nan=True)
    assert np.array_equal(series.rate, rate, equal_nan=True)
    assert read_plants(path) == (BEGINS_S, market.plants)


def test_a_shuffled_file_says_that_nothing_lasts(tmp_path):
    path = tmp_path / "made.parquet"
    write_market(synthetic_market(replace(WANTED, days=3, is_shuffled=True), PAIR), path)
    assert read_plants(path) == (BEGINS_S, ())
    assert json.loads(sidecar_of(path).read_text())["plants"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"begins_s": 1, "shuffled": false, "plants": [{}]}'])
def test_a_sidecar_that_is_none_is_one_line(tmp_path, text):
    path = tmp_path / "made.parquet"
    sidecar_of(path).write_text(text)
    with pytest.raises(ConfigError, match=r"made\.plants\.json"):
        read_plants(path)
    assert read_plants(tmp_path / "other.parquet") is None


def test_command_writes_both_files_and_refuses_another_kind(tmp_path):
    out = tmp_path / "made.parquet"
    asked = ["data", "synth", "--coins", "4", "--days", "1", "--seed", "3", "--json", "--out"]
    done = CliRunner().invoke(app, [*asked, str(out)])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == 1_440
    assert out.is_file() and sidecar_of(out).is_file()
    refused = CliRunner().invoke(app, [*asked, str(tmp_path / "made.csv")])
    assert isinstance(refused.exception, ConfigError)
    nowhere = CliRunner().invoke(app, [*asked, str(tmp_path / "none" / "made.parquet")])
    assert isinstance(nowhere.exception, ConfigError)
