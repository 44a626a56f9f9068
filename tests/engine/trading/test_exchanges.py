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
from tests.engine.town import SESSION, Town, exchange, open_one, run_due


@pytest.fixture
def town() -> Town:
    town = Town()
    exchange(town)
    return town


def trades(town):
    return sorted(town.tables.trades.values(), key=lambda trade: (trade.opened_at_ns, trade.trade_id))


def purposes(town):
    return sorted(row.order.purpose for row in town.tables.orders.values())


def coins(town):
    return {venue: town.venues[venue].held["BTC"] for venue in PAIR.venues}


def cash_krw(town, rate):
    held = {venue: town.venues[venue].held for venue in PAIR.venues}
    return held[Venue.UPBIT]["KRW"] + held[Venue.BINANCE]["USDT"] * rate


def trade_at(town, bps, ms=300):
    town.premium(bps)
    town.evaluate_now()
    run_due(town)
    town.pass_time(ms)


def test_a_trade_ends_once_both_legs_are_filled_and_is_worth_its_cash(town):
    before = coins(town), cash_krw(town, Decimal(1_400))
    open_one(town)
    run_due(town)
    (trade,) = trades(town)
    assert (trade.kind, trade.state, trade.reason) == (TradeKind.EXCHANGE, TradeState.CLOSED, "exchanged")
    assert purposes(town) == [Purpose.ENTRY, Purpose.ENTRY]
    kept = sum(before[0].values()) - sum(
        coins(town).values()
    )  # in the coin, by the venue that takes it there
    gained = cash_krw(town, trade.valued_krw_per_usdt) - before[1]
    assert trade.pnl_krw == gained - kept * trade.valued_base_krw
    assert trade.pnl_krw > 0
    assert not town.drifts()


def test_nothing_is_open_nor_set_aside_afterwards_and_what_it_moved_counts_as_drift(town):
    open_one(town)
    run_due(town)
    assert not town.trades.active(SESSION)
    assert town.trades.free(SESSION) == town.trades.balances(SESSION)
    (trade,) = trades(town)
    taken_in = -town.tables.balances[SESSION][TRADING, "KRW"]
    assert taken_in > trade.notional_krw


def test_a_premium_that_goes_away_closes_nothing_and_the_other_one_brings_the_coin_back(town):
    began = coins(town)
    trade_at(town, 60)
    moved = coins(town)
    for _ in range(5):
        trade_at(town, 0)
    assert coins(town) == moved
    trade_at(town, -60)
    assert [trade.direction for trade in trades(town)] == list(PAIR.directions)
    assert all(trade.state is TradeState.CLOSED and trade.pnl_krw > 0 for trade in trades(town))
    fee_share = Decimal("0.001")
    for venue in PAIR.venues:
        assert abs(coins(town)[venue] - began[venue]) <= 2 * fee_share * trades(town)[0].quantity


def test_the_coin_tilts_up_to_its_band_and_no_further():
    town = Town()
    exchange(town, band=Decimal("0.01"))
    for _ in range(30):
        trade_at(town, 200)
    lies = coins(town)
    tilt = (lies[Venue.BINANCE] - lies[Venue.UPBIT]) / sum(lies.values())
    assert Decimal("0.008") < tilt <= Decimal("0.01")
    assert town.counters.counts["refused", "inventory_band"] == 1
    taken = len(trades(town))
    trade_at(town, -200)
    assert len(trades(town)) == taken + 1


def test_the_drift_of_the_currencies_bounds_what_balances_would_still_pay_for(town):
    limits = replace(town.evaluate.limits, inventory_drift_krw_max=Decimal(3_000_000))
    town.evaluate = replace(town.evaluate, limits=limits)
    for _ in range(10):
        trade_at(town, 200)
    assert len(trades(town)) == 2  # of 1.4 M KRW each


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("trouble", list(Trouble))
def test_whatever_becomes_of_one_leg_the_trade_is_completed_or_reversed_and_ends(town, venue, trouble):
    town.venues[venue].troubles.append(trouble)
    open_one(town)
    run_due(town)
    town.quiesce()
    (trade,) = trades(town)
    position = trade_position([row.order for row in town.tables.orders.values()])
    assert position.imbalance == 0
    assert trade.state in (TradeState.CLOSED, TradeState.ABORTED)
    if trade.state is TradeState.CLOSED:
        assert trade.reason == ("exchanged" if position.hedged else "unwound")
    assert Purpose.EXIT not in purposes(town)
    assert not town.drifts()


def test_a_process_that_dies_between_its_legs_and_its_end_is_gone_on_with(town):
    open_one(town)
    town.run_one(0)
    town.run_one(0)
    town.pending.clear()  # nobody was told that both legs are filled
    (trade,) = trades(town)
    assert trade.state is TradeState.OPENING
    town.pass_time(6_000)
    town.quiesce()
    assert [trade.state for trade in trades(town)] == [TradeState.CLOSED]


def test_a_fill_that_comes_late_is_settled_into_the_same_end(town):
    town.venues[Venue.UPBIT].troubles.append(Trouble.PARTIAL)
    open_one(town)
    run_due(town)
    town.quiesce()
    (trade,) = trades(town)
    town.tables.trades[trade.trade_id] = replace(
        trade, residual=Decimal("0.001")
    )  # as if fills had been missed
    town.settle.run(trade.trade_id)
    run_due(town)
    (again,) = trades(town)
    assert (again.state, again.reason, again.pnl_krw) == (TradeState.CLOSED, "exchanged", trade.pnl_krw)


def test_the_kill_switch_finds_nothing_to_close(town):
    open_one(town)
    run_due(town)
    lies = coins(town)
    kill(town, within_s=2)
    assert coins(town) == lies
    assert purposes(town) == [Purpose.ENTRY, Purpose.ENTRY]


def test_a_pair_that_another_strategy_opened_is_still_closed():
    town = Town()
    open_one(town)
    run_due(town)
    exchange(town)
    (pair,) = trades(town)
    assert (pair.kind, pair.state) == (TradeKind.PAIR, TradeState.OPEN)
    trade_at(town, -10)
    trade_at(town, -10)
    assert town.tables.trades[pair.trade_id].state is TradeState.CLOSED
    assert town.tables.trades[pair.trade_id].reason == "converged"


def test_a_losing_exchange_pauses_its_way_and_an_earning_one_ends_the_pause(town):
    open_one(town)
    run_due(town)
    (trade,) = trades(town)
    town.tables.trades[trade.trade_id] = replace(trade, pnl_krw=Decimal(-1))
    town.premium(60)
    town.evaluate_now()
    assert len(trades(town)) == 1
    assert town.counters.counts["refused", "reentry_pause"] == 1
    town.tables.trades[trade.trade_id] = replace(trade, pnl_krw=Decimal(1))
    trade_at(town, 60)
    assert len(trades(town)) == 2


def test_balances_are_not_asked_while_no_edge_may_do(town):
    asked = []
    usual = town.trades.free
    town.evaluate = replace(
        town.evaluate, trades=Asking(town.trades, lambda session_id: asked.append(1) or usual(session_id))
    )
    trade_at(town, 5)
    assert not asked
    trade_at(town, 60)
    assert asked


class Asking:
    """A store that tells when balances are asked for."""

    def __init__(self, store, free):
        self._store, self.free = store, free

    def __getattr__(self, name):
        return getattr(self._store, name)
