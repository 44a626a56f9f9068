"""Perfect foresight: nobody has more than it says, and what it says can be had."""

import json
from decimal import Decimal
from itertools import combinations

import numpy as np
import pytest
from typer.testing import CliRunner

from arb.backtest.replay.run import ReplayPlan, replay
from arb.backtest.replay.screen import edge_bounds
from arb.backtest.synth.benchmark import foresight_document, planted_paths
from arb.backtest.synth.foresight import (
    Flows,
    Places,
    _Held,
    best_pairs,
    fitted,
    flows,
    flows_of_plants,
    perfect_foresight,
    places_of,
)
from arb.backtest.synth.plants import Plant, planted
from arb.cli.main import app
from tests.backtest.series import BEGINS_S, SETTINGS, load, mapping_of, write_csv

PLENTY = Places(total=100, per_coin=1, net=100)
COSTS_BPS = 30.0


def of_premium(premium_bps, last=()):
    premium = np.array(premium_bps, dtype=float)
    is_last = np.zeros(len(premium), dtype=bool)
    is_last[[*last, len(premium) - 1]] = True
    selling, buying = premium - COSTS_BPS / 2, -premium - COSTS_BPS / 2
    return Flows(selling=selling, buying=buying, may_sell=~is_last, may_buy=~is_last, is_last=is_last)


def by_trying_everything(own):
    """Return the most of any set of pairs, one at a time: every way, none of them clever."""
    rows = range(len(own.selling))
    pairs = []
    for opened, closed in combinations(rows, 2):
        if own.is_last[opened:closed].any() or np.isnan(own.selling[[opened, closed]]).any():
            continue
        pairs.append((opened, closed, own.selling[opened] + own.buying[closed]))
        pairs.append((opened, closed, own.buying[opened] + own.selling[closed]))
    best = [0.0] * (len(own.selling) + 1)  # with what is left from a row on
    for row in reversed(rows):
        best[row] = max(
            [best[row + 1], *(earned + best[closed + 1] for opened, closed, earned in pairs if opened == row)]
        )
    return best[0]


@pytest.mark.parametrize("seed", range(40))
def test_no_way_earns_more(seed):
    draw = np.random.default_rng(seed)
    own = of_premium(draw.normal(0, 30, 14).round(), last=draw.choice(13, 2))
    own.selling[draw.choice(13, 2)] = np.nan
    own.buying[np.isnan(own.selling)] = np.nan
    found = best_pairs(["A"], [own], 0.0)
    assert sum(held.earned_bps for held in found) == pytest.approx(by_trying_everything(own))


def test_what_it_says_can_be_had():
    draw = np.random.default_rng(5)
    own = {coin: of_premium(draw.normal(0, 40, 400), last=(99, 250)) for coin in "ABC"}
    places = Places(total=4, per_coin=2, net=3)
    taken = perfect_foresight(own, places)
    assert taken.count > 50
    total, net, of_coin = np.zeros(400), np.zeros(400), {coin: np.zeros(400) for coin in own}
    for held, units in taken.pairs:
        span = slice(held.opened, held.closed)
        first, second = own[held.coin].selling, own[held.coin].buying
        if not held.is_selling:
            first, second = second, first
        assert held.earned_bps == pytest.approx(first[held.opened] + second[held.closed])
        assert not own[held.coin].is_last[span].any()
        total[span] += units
        of_coin[held.coin][span] += units
        net[span] += units if held.is_selling else -units
    assert total.max() <= 4
    assert np.abs(net).max() <= 3
    assert max(count.max() for count in of_coin.values()) <= 2


def test_places_that_are_short_go_to_the_best_first():
    pairs = [_Held("A", 0, 9, True, 10.0), _Held("B", 5, 9, True, 40.0), _Held("C", 5, 6, False, 5.0)]
    taken = fitted(pairs, 10, Places(total=2, per_coin=2, net=2))
    assert [(held.coin, units) for held, units in taken.pairs] == [("B", 2)]
    wider = fitted(pairs, 10, Places(total=3, per_coin=2, net=2))
    assert [(held.coin, units) for held, units in wider.pairs] == [("B", 2), ("C", 1)]


def test_noise_below_the_costs_earns_nobody_anything():
    draw = np.random.default_rng(1)
    own = of_premium(draw.uniform(-14, 14, 2_000))
    assert perfect_foresight({"A": own}, PLENTY).count == 0


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    series = load(write_csv(folder / "prices.csv", 800), mapping_of(folder))
    return ReplayPlan(series=series, settings=SETTINGS)


def test_flows_are_the_engines_own_prices(plan):
    """The best that its bounds allow is never below what a trade brings, and not far above.

    Bounds are shares of what is paid, with no half price steps.
    """
    for coin in plan.series.coins:
        bounds, own = edge_bounds(plan.series, plan.pair, plan.fees_bps, coin), flows(plan, coin)
        for bound, mine in ((bounds.selling, own.selling), (bounds.buying, own.buying)):
            assert (bound - mine).min() > -0.1


def test_foresight_is_above_the_engine(plan):
    found = foresight_document(replay(plan), None)
    assert found["planted"] is None
    assert 0 < Decimal(found["everything"]["taken_share"]) < 1


def test_a_plant_is_worth_its_size_less_what_a_round_trip_costs(plan):
    plant = Plant(coin="BTC", kind="own", begins=100, rise=3, size_bps=200.0, half_life=5.0)
    path = planted([plant], len(plan.series))
    found = best_pairs(["BTC"], [flows_of_plants(plan, "BTC", path)], 0.0)
    assert [(held.opened, held.is_selling) for held in found] == [(plant.peak, True)]
    assert found[0].closed < plant.ends
    own = flows(plan, "BTC")
    costs = -float(np.mean(own.selling + own.buying))
    assert found[0].earned_bps == pytest.approx(200 - costs - path[plant.ends - 1], abs=2)


def test_whoever_knows_a_plant_once_it_is_there_neither_buys_before_it_nor_keeps_on_for_the_next(plan):
    up = Plant(coin="BTC", kind="own", begins=100, rise=3, size_bps=200.0, half_life=5.0)
    down = Plant(coin="BTC", kind="own", begins=300, rise=3, size_bps=-150.0, half_life=5.0)
    own = flows_of_plants(plan, "BTC", planted([up, down], len(plan.series)))
    found = best_pairs(["BTC"], [own], 0.0)
    assert [(held.opened, held.is_selling) for held in found] == [(up.peak, True), (down.peak, False)]
    assert found[0].closed < up.ends


def test_places_are_those_of_the_settings(plan):
    places = places_of(plan)
    assert (places.total, places.per_coin) == (
        SETTINGS.risk.trades_open_max,
        min(SETTINGS.risk.trades_open_per_coin_max, int(plan.series.assumed.depth_usdt / 1_000)),
    )


def test_command_says_the_share_and_names_the_plants(tmp_path):
    out = str(tmp_path / "made.parquet")
    made = ["data", "synth", "--coins", "5", "--days", "3", "--seed", "2", "--out", out]
    assert CliRunner().invoke(app, made).exit_code == 0
    done = CliRunner().invoke(app, ["backtest", "--data", out, "--foresight"])
    assert done.exit_code == 0, done.output
    assert "of what perfect foresight earns of the planted premiums" in " ".join(done.stdout.split())
    told = json.loads(CliRunner().invoke(app, ["backtest", "--data", out, "--foresight", "--json"]).stdout)
    planted_part = told["foresight"]["planted"]
    assert planted_part["plants"] >= planted_part["worth"] > 0
    assert Decimal(planted_part["net_krw"]) < Decimal(told["foresight"]["everything"]["net_krw"])


def test_stamps_before_what_was_planted_are_no_plants(plan):
    plant = Plant(coin="BTC", kind="own", begins=5, rise=1, size_bps=100.0, half_life=5.0)
    paths = planted_paths(plan, ["BTC"], BEGINS_S + 60, [plant])
    assert np.flatnonzero(paths["BTC"])[0] == 6
    assert not planted_paths(plan, ["BTC"], BEGINS_S + 10**9, [plant])["BTC"].any()
