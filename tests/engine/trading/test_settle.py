"""The lone leg on memory adapters, whatever happens to the venues, the quotes and the balances."""

from dataclasses import fields, replace
from decimal import Decimal

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.domain.trading.order import OrderState, Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState
from arb.engine.market.fresh_market import FreshMarkets
from arb.engine.market.rules import GAP_NS
from tests.domain.markets import PAIR
from tests.engine.testbed import LIMITS, RULES, SESSION, EngineTestbed, open_one, run_due

AT_REST = (TradeState.OPEN, TradeState.CLOSED, TradeState.ABORTED)


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def only_trade(testbed: EngineTestbed):
    (trade,) = testbed.tables.trades.values()
    return trade


def imbalance(testbed: EngineTestbed) -> Decimal:
    return trade_position([row.order for row in testbed.tables.orders.values()]).imbalance


def repairs(testbed: EngineTestbed) -> list:
    found = [row.order for row in testbed.tables.orders.values() if row.order.purpose is Purpose.REPAIR]
    return sorted(found, key=lambda order: (order.created_at_ns, order.client_order_id))


def leave_leg_alone(testbed: EngineTestbed, trouble: Trouble = Trouble.REJECTED) -> None:
    """Open a pair whose Upbit leg does not come."""
    testbed.venues[Venue.UPBIT].troubles.append(trouble)
    open_one(testbed)
    testbed.run_one(0)
    testbed.run_one(0)


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("trouble", [Trouble.PARTIAL, Trouble.UNFILLED, Trouble.REJECTED])
def test_whatever_is_missing_on_one_leg_is_made_even(testbed, venue, trouble):
    testbed.venues[venue].troubles.append(trouble)
    open_one(testbed)
    run_due(testbed)
    testbed.quiesce()
    assert only_trade(testbed).state in AT_REST
    assert imbalance(testbed) == 0
    assert not testbed.drifts()


def test_an_unknown_leg_is_never_repaired_on_a_guess(testbed):
    leave_leg_alone(testbed, Trouble.DROPPED)
    for _ in range(3):
        testbed.premium(60)
        testbed.pass_time(300)
        run_due(testbed)
    (unknown,) = [row.order for row in testbed.tables.orders.values() if row.order.venue is Venue.UPBIT]
    if unknown.state is OrderState.UNKNOWN:
        assert not repairs(testbed)


def test_while_the_quotes_are_away_the_venues_are_asked(testbed):
    leave_leg_alone(testbed)
    testbed.quotes.away = True
    run_due(testbed)
    assert repairs(testbed)
    assert testbed.counters.counts["books_asked", "upbit"] >= 1
    testbed.quotes.away = False
    testbed.quiesce()
    assert imbalance(testbed) == 0


def test_stale_quotes_open_nothing_but_do_not_leave_a_leg_alone(testbed):
    leave_leg_alone(testbed)
    testbed.pass_time(5_000)
    assert testbed.evaluate_now() == 0
    testbed.sweep.run()
    testbed.collect()
    run_due(testbed)
    assert imbalance(testbed) == 0
    assert only_trade(testbed).state in AT_REST


def test_a_venue_without_money_is_not_asked_to_repair(testbed):
    """The pair is bought on Binance; its Upbit leg fails; and Binance has no BTC to sell back by then."""
    leave_leg_alone(testbed)
    free = dict(testbed.trades.free(SESSION))
    poor = {**free, (Venue.BINANCE, "BTC"): Decimal(0)}
    settle = replace(testbed.settle, trades=_Free(testbed.settle.trades, poor))
    for _, name, args in list(testbed.pending):
        if name == "arb.settle_trade":
            settle.run(args[0])
    assert {order.venue for order in repairs(testbed)} == {Venue.UPBIT}


class _Free:
    """A store whose balances are what a test says."""

    def __init__(self, store, free):
        self._store, self._free = store, free

    def free(self, session_id):
        return self._free

    def __getattr__(self, name):
        return getattr(self._store, name)


def test_repairs_that_fail_at_one_venue_go_to_the_other(testbed):
    testbed.venues[Venue.UPBIT].troubles.extend([Trouble.REJECTED] * 3)
    open_one(testbed)
    for _ in range(20):
        testbed.premium(60)
        run_due(testbed)
        testbed.pass_time(300)
    assert [order.venue for order in repairs(testbed)] == [Venue.UPBIT, Venue.BINANCE]
    assert imbalance(testbed) == 0


def test_a_leg_that_nobody_takes_is_escalated_within_the_ceilings_and_named(testbed):
    leave_leg_alone(testbed)
    for _ in range(300):
        for venue in testbed.venues.values():
            venue.troubles.extend([Trouble.UNFILLED] * 3)
        testbed.premium(60)
        testbed.sweep.run()
        testbed.collect()
        run_due(testbed)
        testbed.pass_time(500)
    trade = only_trade(testbed)
    assert trade.state is TradeState.ESCALATED
    assert len(repairs(testbed)) <= 41
    assert trade.residual == imbalance(testbed) != 0
    (alert,) = [alert for _, alert in testbed.tables.alerts if alert.kind == "trade_handed_over"]
    assert f"{trade.residual:+f} BTC" in alert.message


def test_a_thin_book_is_left_step_by_step(testbed):
    open_one(testbed)
    run_due(testbed)
    assert only_trade(testbed).state is TradeState.OPEN
    for _ in range(12):
        testbed.premium(0, depth="0.002")
        testbed.evaluate_now()
        run_due(testbed)
        testbed.pass_time(100)
    assert only_trade(testbed).state is TradeState.CLOSED
    assert imbalance(testbed) == 0
    assert not testbed.drifts()


@pytest.mark.parametrize("flag", ["WARNING", "GLOBAL_PRICE_DIFFERENCES"])
def test_a_market_warning_stops_entries_and_neither_exits_nor_repairs(testbed, flag):
    testbed.evaluate_now()
    testbed.pass_time(GAP_NS // NS_PER_MS)
    testbed.venues[Venue.UPBIT].troubles.append(Trouble.PARTIAL)
    open_one(testbed)
    rule = RULES[Venue.UPBIT]
    testbed.venues[Venue.UPBIT].rules[rule.symbol] = replace(rule, warning=flag)
    testbed.instruments.expire(Venue.UPBIT, testbed.clock.now_ns())
    run_due(testbed)
    assert only_trade(testbed).state is TradeState.OPEN
    testbed.premium(0)
    assert testbed.evaluate_now() == 1
    run_due(testbed)
    assert only_trade(testbed).state is TradeState.CLOSED
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert testbed.counters.counts["refused", "market_warning_upbit"] == 1


class HeldUp(FreshMarkets):
    """Whoever asks for a market is stopped, with it in hand, for longer than a quote lasts."""

    def tradable(self, coin, **options):
        market = super().tradable(coin, **options)
        self.clock.sleep_ms(LIMITS.quote_age_ns_max // NS_PER_MS + 1)
        return market


def test_a_worker_that_was_held_up_does_not_repair_by_the_book_of_before(testbed):
    leave_leg_alone(testbed)
    before = repairs(testbed)
    markets = testbed.settle.markets
    held_up = HeldUp(**{field.name: getattr(markets, field.name) for field in fields(markets) if field.init})
    trade = replace(testbed.settle, markets=held_up).run(only_trade(testbed).trade_id)
    assert (trade.state, repairs(testbed)) == (TradeState.REPAIRING, before)
    assert testbed.counters.counts["settle_waits", "market_old"] == 1
    testbed.quiesce()
    assert imbalance(testbed) == 0
