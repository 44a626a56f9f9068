"""Trades that are done once both legs are filled: they end, are worth their cash, and nothing is closed."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.ledger.ledger import TRADING
from arb.domain.market.ids import Venue
from arb.domain.trading.order import Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeKind, TradeState
from tests.domain.markets import PAIR
from tests.engine.kill.test_kill import kill
from tests.engine.testbed import SESSION, EngineTestbed, exchange, open_one, run_due


@pytest.fixture
def testbed() -> EngineTestbed:
    testbed = EngineTestbed()
    exchange(testbed)
    return testbed


def trades(testbed):
    return sorted(testbed.tables.trades.values(), key=lambda trade: (trade.opened_at_ns, trade.trade_id))


def purposes(testbed):
    return sorted(row.order.purpose for row in testbed.tables.orders.values())


def coins(testbed):
    return {venue: testbed.venues[venue].held["BTC"] for venue in PAIR.venues}


def cash_krw(testbed, rate):
    held = {venue: testbed.venues[venue].held for venue in PAIR.venues}
    return held[Venue.UPBIT]["KRW"] + held[Venue.BINANCE]["USDT"] * rate


def trade_at(testbed, bps, ms=300):
    testbed.premium(bps)
    testbed.evaluate_now()
    run_due(testbed)
    testbed.pass_time(ms)


def test_a_trade_ends_once_both_legs_are_filled_and_is_worth_its_cash(testbed):
    before = coins(testbed), cash_krw(testbed, Decimal(1_400))
    open_one(testbed)
    run_due(testbed)
    (trade,) = trades(testbed)
    assert (trade.kind, trade.state, trade.reason) == (TradeKind.EXCHANGE, TradeState.CLOSED, "exchanged")
    assert purposes(testbed) == [Purpose.ENTRY, Purpose.ENTRY]
    kept = sum(before[0].values()) - sum(
        coins(testbed).values()
    )  # in the coin, by the venue that takes it there
    gained = cash_krw(testbed, trade.valued_krw_per_usdt) - before[1]
    assert trade.pnl_krw == gained - kept * trade.valued_base_krw
    assert trade.pnl_krw > 0
    assert not testbed.drifts()


def test_nothing_is_open_nor_set_aside_afterwards_and_what_it_moved_counts_as_drift(testbed):
    open_one(testbed)
    run_due(testbed)
    assert not testbed.trades.active(SESSION)
    assert testbed.trades.free(SESSION) == testbed.trades.balances(SESSION)
    (trade,) = trades(testbed)
    taken_in = -testbed.tables.balances[SESSION][TRADING, "KRW"]
    assert taken_in > trade.notional_krw


def test_a_premium_that_goes_away_closes_nothing_and_the_other_one_brings_the_coin_back(testbed):
    began = coins(testbed)
    trade_at(testbed, 60)
    moved = coins(testbed)
    for _ in range(5):
        trade_at(testbed, 0)
    assert coins(testbed) == moved
    trade_at(testbed, -60)
    assert [trade.direction for trade in trades(testbed)] == list(PAIR.directions)
    assert all(trade.state is TradeState.CLOSED and trade.pnl_krw > 0 for trade in trades(testbed))
    fee_share = Decimal("0.001")
    for venue in PAIR.venues:
        assert abs(coins(testbed)[venue] - began[venue]) <= 2 * fee_share * trades(testbed)[0].quantity


def test_the_coin_tilts_up_to_its_band_and_no_further():
    testbed = EngineTestbed()
    exchange(testbed, band=Decimal("0.01"))
    for _ in range(30):
        trade_at(testbed, 200)
    lies = coins(testbed)
    tilt = (lies[Venue.BINANCE] - lies[Venue.UPBIT]) / sum(lies.values())
    assert Decimal("0.008") < tilt <= Decimal("0.01")
    assert testbed.counters.counts["refused", "inventory_band"] == 1
    taken = len(trades(testbed))
    trade_at(testbed, -200)
    assert len(trades(testbed)) == taken + 1


def test_the_drift_of_the_currencies_bounds_what_balances_would_still_pay_for(testbed):
    limits = replace(testbed.evaluate.limits, inventory_drift_krw_max=Decimal(3_000_000))
    testbed.evaluate = replace(testbed.evaluate, limits=limits)
    for _ in range(10):
        trade_at(testbed, 200)
    assert len(trades(testbed)) == 2  # of 1.4 M KRW each


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("trouble", list(Trouble))
def test_whatever_becomes_of_one_leg_the_trade_is_completed_or_reversed_and_ends(testbed, venue, trouble):
    testbed.venues[venue].troubles.append(trouble)
    open_one(testbed)
    run_due(testbed)
    testbed.quiesce()
    (trade,) = trades(testbed)
    position = trade_position([row.order for row in testbed.tables.orders.values()])
    assert position.imbalance == 0
    assert trade.state in (TradeState.CLOSED, TradeState.ABORTED)
    if trade.state is TradeState.CLOSED:
        assert trade.reason == ("exchanged" if position.hedged else "reversed")
    assert Purpose.EXIT not in purposes(testbed)
    assert not testbed.drifts()


def test_a_process_that_dies_between_its_legs_and_its_end_is_gone_on_with(testbed):
    open_one(testbed)
    testbed.die_at_ends()
    testbed.run_one(0)
    testbed.run_one(0)
    (trade,) = trades(testbed)
    assert trade.state is TradeState.OPENING
    testbed.pass_time(6_000)
    testbed.quiesce()
    assert [trade.state for trade in trades(testbed)] == [TradeState.CLOSED]


def test_a_fill_that_comes_late_is_settled_into_the_same_end(testbed):
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.PARTIAL)
    open_one(testbed)
    run_due(testbed)
    testbed.quiesce()
    (trade,) = trades(testbed)
    testbed.tables.trades[trade.trade_id] = replace(
        trade, residual=Decimal("0.001")
    )  # as if fills had been missed
    testbed.settle.run(trade.trade_id)
    run_due(testbed)
    (again,) = trades(testbed)
    assert (again.state, again.reason, again.pnl_krw) == (TradeState.CLOSED, "exchanged", trade.pnl_krw)


def test_the_kill_switch_finds_nothing_to_close(testbed):
    open_one(testbed)
    run_due(testbed)
    lies = coins(testbed)
    kill(testbed, within_s=2)
    assert coins(testbed) == lies
    assert purposes(testbed) == [Purpose.ENTRY, Purpose.ENTRY]


def test_a_pair_that_another_strategy_opened_is_still_closed():
    testbed = EngineTestbed()
    open_one(testbed)
    run_due(testbed)
    exchange(testbed)
    (pair,) = trades(testbed)
    assert (pair.kind, pair.state) == (TradeKind.PAIR, TradeState.OPEN)
    trade_at(testbed, -10)
    trade_at(testbed, -10)
    assert testbed.tables.trades[pair.trade_id].state is TradeState.CLOSED
    assert testbed.tables.trades[pair.trade_id].reason == "converged"


def test_a_losing_exchange_pauses_its_way_and_an_earning_one_ends_the_pause(testbed):
    open_one(testbed)
    run_due(testbed)
    (trade,) = trades(testbed)
    testbed.tables.trades[trade.trade_id] = replace(trade, pnl_krw=Decimal(-1))
    testbed.premium(60)
    testbed.evaluate_now()
    assert len(trades(testbed)) == 1
    assert testbed.counters.counts["refused", "reentry_pause"] == 1
    testbed.tables.trades[trade.trade_id] = replace(trade, pnl_krw=Decimal(1))
    testbed.pass_time(200)  # so long the review is not asked again
    trade_at(testbed, 60)
    assert len(trades(testbed)) == 2


def test_balances_are_not_asked_while_no_edge_may_do(testbed):
    asked = []
    usual = testbed.trades.free
    testbed.evaluate = replace(
        testbed.evaluate,
        trades=Asking(testbed.trades, lambda session_id: asked.append(1) or usual(session_id)),
    )
    trade_at(testbed, 5)
    assert not asked
    trade_at(testbed, 60)
    assert asked


class Asking:
    """A store that tells when balances are asked for."""

    def __init__(self, store, free):
        self._store, self.free = store, free

    def __getattr__(self, name):
        return getattr(self._store, name)
