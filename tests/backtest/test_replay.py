"""A replay is the engine: nothing is decided, filled or booked by anything else."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from arb.backtest.replay.books import RowBooks
from arb.backtest.replay.records import ReplayRecorder
from arb.backtest.replay.rules import FixedRules, rules_of
from arb.backtest.replay.run import ReplayPlan, opening_balances, replay
from arb.backtest.replay.world import SESSION, Opening, World
from arb.domain.time import NS_PER_S
from arb.domain.trading.trade import TradeState
from tests.backtest.series import PAIR, SETTINGS, load, mapping_of, write_csv


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    return load(write_csv(folder / "prices.csv", 1_500), mapping_of(folder))


def test_screened_rows_are_those_that_the_engine_would_have_passed_over(series):
    plan = ReplayPlan(series=series, settings=SETTINGS)
    screened, whole = replay(plan), replay(replace(plan, screened=False))
    assert len(screened.records) > 10
    assert screened.records == whole.records
    assert screened.ended_with == whole.ended_with
    assert screened.evaluated < whole.evaluated / 3


def test_replay_equals_the_engine_driven_by_hand(series):
    plan = ReplayPlan(series=series, settings=SETTINGS)
    rules = FixedRules()
    for coin in series.coins:
        rules |= rules_of(PAIR, coin, float(series.prices[PAIR.second, coin][0]), plan.fees_bps)
    world = World(
        Opening(
            settings=SETTINGS,
            coins=series.coins,
            rules=rules,
            balances=opening_balances(plan),
            begins_ns=int(series.ts_ns[0]) - NS_PER_S,
            latency_ms=150,
            seed=plan.seed,
        )
    )
    books, kept = RowBooks(series, PAIR, rules), ReplayRecorder(world.tables, PAIR)
    for row, at_ns in enumerate(series.ts_ns.tolist()[:-1]):
        world.run_until(at_ns)
        world.move_to(at_ns)
        shown = [book for coin in series.coins for book in books.of_coin(row, coin, at_ns)]
        world.show([books.of_rate(row, at_ns), *shown], series.coins)
        world.evaluate()
    active = {view.trade.trade_id for view in world.stores.trades.active(SESSION)}
    kept.finish()
    by_hand = [each for each in kept.records if each.trade_id not in active]
    found = [each for each in replay(plan).records if each.trade_id not in active]
    assert found == by_hand
    assert len(found) > 10


def test_what_is_booked_is_what_the_accounts_moved_by(series):
    found = replay(ReplayPlan(series=series, settings=SETTINGS))
    moved = {key: found.ended_with[key] - began for key, began in found.began_with.items()}
    rate = Decimal(1400)
    worth = sum(
        amount if asset == PAIR.currency else amount * rate
        for (_, asset), amount in moved.items()
        if asset not in series.coins
    )
    coins = {
        coin: sum(amount for (_, asset), amount in moved.items() if asset == coin) for coin in series.coins
    }
    last = {coin: Decimal(repr(float(series.prices[PAIR.second, coin][-1]))) for coin in series.coins}
    worth += sum(amount * last[coin] * rate for coin, amount in coins.items())
    booked = sum(each.pnl_krw for each in found.records)
    assert abs(worth - booked) < 20_000  # fees taken in coins, valued at the end and not when they were taken
    assert all(each.state in (TradeState.CLOSED, TradeState.ABORTED) for each in found.records)


def test_hole_ends_what_is_open_and_opens_nothing(series):
    longest = max(
        replay(ReplayPlan(series=series, settings=SETTINGS)).records,
        key=lambda each: each.closed_at_ns - each.opened_at_ns,
    )
    middle_ns = (longest.opened_at_ns + longest.closed_at_ns) // 2
    cut = int(np.searchsorted(series.ts_ns, middle_ns))
    later = series.ts_ns.copy()
    later[cut:] += 3_600 * NS_PER_S
    found = replay(ReplayPlan(series=replace(series, ts_ns=later), settings=SETTINGS))
    ended = [each for each in found.records if each.reason == "gap"]
    assert ended
    assert all(each.closed_at_ns < int(later[cut]) for each in ended)
    assert not [each for each in found.records if each.opened_at_ns == int(later[cut - 1])]


def test_same_seed_is_the_same_and_another_one_has_other_ids(series):
    plan = ReplayPlan(series=series, settings=SETTINGS)
    assert replay(plan).records == replay(plan).records
    other = replay(replace(plan, seed=8)).records
    assert [each.pnl_krw for each in other] == [each.pnl_krw for each in replay(plan).records]
    assert other != replay(plan).records


def test_orders_take_what_is_there_and_the_rest_stays_unfilled(series):
    thin = replace(series, assumed=replace(series.assumed, depth_usdt=Decimal(1_200)))
    found = replay(ReplayPlan(series=thin, settings=SETTINGS))
    assert found.records
    assert all(each.state is not TradeState.ESCALATED for each in found.records)
