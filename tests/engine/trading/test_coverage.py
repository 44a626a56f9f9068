"""Pairs that balances do not pay for to the last lot: what is closed, what is left, what that is worth."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.trading.exits import STOP_LOSS
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import (
    alerts,
    closed_trades,
    go_on,
    open_pairs,
    open_trades,
    pay,
    run_all,
    trades,
    work,
    worth_krw,
)

NONE = Decimal(0)
DEEP = "50"


def a_testbed_of(size_usdt: str, *, at_binance: Decimal = NONE) -> EngineTestbed:
    """Return a testbed with so much of the coin at Binance, and pairs that big."""
    testbed = EngineTestbed()
    pay(testbed, Venue.BINANCE, "BTC", at_binance)
    appetite = replace(testbed.evaluate.appetite, notional_usdt=Decimal(size_usdt))
    limits = replace(testbed.evaluate.limits, loss_per_trade_krw_max=Decimal(10_000_000))
    testbed.evaluate = replace(testbed.evaluate, appetite=appetite, limits=limits)
    return testbed


def held(testbed: EngineTestbed, premium_bps: int, for_ms: int = 10_000) -> None:
    go_on(testbed, for_ms, 500, lambda: testbed.premium(premium_bps, DEEP))


@pytest.mark.parametrize("size_usdt", ["8", "1000", "20000"])
@pytest.mark.parametrize(("premium_bps", "reason"), [(0, "take_profit"), (260, STOP_LOSS)])
@pytest.mark.parametrize("count", [1, 3])
def test_pairs_bought_without_spare_coin_are_closed_one_by_one(size_usdt, premium_bps, reason, count):
    """A thousandth of 20,000 USDT is more than the least that both venues take."""
    testbed = a_testbed_of(size_usdt)
    open_pairs(testbed, 60, count)
    held(testbed, premium_bps)
    assert {(trade.state, trade.reason) for trade in trades(testbed)} == {(TradeState.CLOSED, reason)}
    assert [trade.residual for trade in trades(testbed)] == [0] * count
    assert testbed.venues[Venue.BINANCE].held["BTC"] >= 0
    assert testbed.drifts() == {}


def test_what_such_a_pair_has_earned_is_what_both_accounts_have_more():
    testbed = a_testbed_of("20000")
    before = worth_krw(testbed)
    open_pairs(testbed, 60)
    held(testbed, 0)
    (trade,) = closed_trades(testbed)
    assert abs(worth_krw(testbed) - before - trade.pnl_krw) < 1


def test_with_enough_spare_coin_all_of_the_pair_is_closed():
    testbed = a_testbed_of("1000", at_binance=Decimal("0.00001"))
    open_pairs(testbed, 60)
    held(testbed, 0)
    position = trade_position(testbed.trades.view(trades(testbed)[0].trade_id).orders)
    assert (position.hedged, position.imbalance) == (0, 0)


@pytest.mark.parametrize("size_usdt", ["1000", "20000"])
def test_a_leg_alone_is_sold_up_to_the_fee_and_nobody_has_to_look_after_it(size_usdt):
    testbed = a_testbed_of(size_usdt)
    testbed.venues[Venue.UPBIT].troubles += [Trouble.REJECTED]
    pay(testbed, Venue.UPBIT, "BTC", Decimal("0.2"))
    testbed.premium(60, DEEP)
    testbed.evaluate_now()
    pay(testbed, Venue.UPBIT, "BTC", NONE)
    run_all(testbed)
    held(testbed, 20)
    (trade,) = trades(testbed)
    assert trade.state is TradeState.CLOSED
    assert testbed.venues[Venue.BINANCE].held["BTC"] < Decimal("0.00001")


def test_of_a_pair_whose_coin_was_taken_away_what_is_there_is_closed_and_the_rest_is_told():
    testbed = a_testbed_of("1000")
    open_pairs(testbed, 60)
    pay(testbed, Venue.BINANCE, "BTC", Decimal("0.004"))
    held(testbed, 260)
    (trade,) = open_trades(testbed)
    position = trade_position(testbed.trades.view(trade.trade_id).orders)
    assert (position.hedged, position.imbalance) == (Decimal("0.00599"), 0)
    assert "exit_unpaid" in {alert.kind for alert in alerts(testbed)}
    pay(testbed, Venue.BINANCE, "BTC", Decimal("0.006"))
    held(testbed, 260)
    assert {(trade.state, trade.reason) for trade in trades(testbed)} == {(TradeState.CLOSED, STOP_LOSS)}


def test_a_stop_loss_buys_back_what_the_money_pays_for():
    """Upbit had the coin and no KRW, and the coin costs more than it brought."""
    testbed = a_testbed_of("1000")
    pay(testbed, Venue.UPBIT, "KRW", NONE)
    open_pairs(testbed, 60)
    held(testbed, 260)
    (trade,) = trades(testbed)
    position = trade_position(testbed.trades.view(trade.trade_id).orders)
    assert position.imbalance == 0
    assert position.hedged < trade.quantity / 20
    assert testbed.venues[Venue.UPBIT].held["KRW"] >= 0


def test_without_coin_where_it_is_sold_nothing_is_opened_and_the_reason_is_counted():
    testbed = a_testbed_of("1000")
    testbed.premium(-60, DEEP)
    work(testbed)
    assert trades(testbed) == []
    assert testbed.counters.counts["refused", "balance_binance_btc"] == 1
