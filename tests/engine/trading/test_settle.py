"""The lonely leg on memory adapters, whatever happens to the venues, the quotes and the balances."""

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
from tests.engine.town import LIMITS, RULES, SESSION, Town, open_one, run_due

AT_REST = (TradeState.OPEN, TradeState.CLOSED, TradeState.ABORTED)


@pytest.fixture
def town() -> Town:
    return Town()


def only_trade(town: Town):
    (trade,) = town.tables.trades.values()
    return trade


def imbalance(town: Town) -> Decimal:
    return trade_position([row.order for row in town.tables.orders.values()]).imbalance


def repairs(town: Town) -> list:
    found = [row.order for row in town.tables.orders.values() if row.order.purpose is Purpose.REPAIR]
    return sorted(found, key=lambda order: (order.created_at_ns, order.client_order_id))


def lonely(town: Town, trouble: Trouble = Trouble.REJECTED) -> None:
    """Open a pair whose Upbit leg does not come."""
    town.venues[Venue.UPBIT].troubles.append(trouble)
    open_one(town)
    town.run_one(0)
    town.run_one(0)


@pytest.mark.parametrize("venue", list(PAIR.venues))
@pytest.mark.parametrize("trouble", [Trouble.PARTIAL, Trouble.UNFILLED, Trouble.REJECTED])
def test_whatever_is_missing_on_one_leg_is_made_even(town, venue, trouble):
    town.venues[venue].troubles.append(trouble)
    open_one(town)
    run_due(town)
    town.quiesce()
    assert only_trade(town).state in AT_REST
    assert imbalance(town) == 0
    assert not town.drifts()


def test_an_unknown_leg_is_never_repaired_on_a_guess(town):
    lonely(town, Trouble.DROPPED)
    for _ in range(3):
        town.premium(60)
        town.pass_time(300)
        run_due(town)
    (unknown,) = [row.order for row in town.tables.orders.values() if row.order.venue is Venue.UPBIT]
    if unknown.state is OrderState.UNKNOWN:
        assert not repairs(town)


def test_while_the_quotes_are_away_the_venues_are_asked(town):
    lonely(town)
    town.quotes.away = True
    run_due(town)
    assert repairs(town)
    assert town.counters.counts["books_asked", "upbit"] >= 1
    town.quotes.away = False
    town.quiesce()
    assert imbalance(town) == 0


def test_stale_quotes_open_nothing_but_do_not_leave_a_leg_alone(town):
    lonely(town)
    town.pass_time(5_000)
    assert town.evaluate_now() == 0
    town.sweep.run()
    town.collect()
    run_due(town)
    assert imbalance(town) == 0
    assert only_trade(town).state in AT_REST


def test_a_venue_without_money_is_not_asked_to_repair(town):
    """The pair is bought on Binance; its Upbit leg fails; and Binance has no BTC to sell back by then."""
    lonely(town)
    free = dict(town.trades.free(SESSION))
    poor = {**free, (Venue.BINANCE, "BTC"): Decimal(0)}
    settle = replace(town.settle, trades=_Free(town.settle.trades, poor))
    for _, name, args in list(town.pending):
        if name == "arb.settle_trade":
            settle.run(args[0])
    assert {order.venue for order in repairs(town)} == {Venue.UPBIT}


class _Free:
    """A store whose balances are what a test says."""

    def __init__(self, store, free):
        self._store, self._free = store, free

    def free(self, session_id):
        return self._free

    def __getattr__(self, name):
        return getattr(self._store, name)


def test_repairs_that_fail_at_one_venue_go_to_the_other(town):
    town.venues[Venue.UPBIT].troubles.extend([Trouble.REJECTED] * 3)
    open_one(town)
    for _ in range(20):
        town.premium(60)
        run_due(town)
        town.pass_time(300)
    assert [order.venue for order in repairs(town)] == [Venue.UPBIT, Venue.BINANCE]
    assert imbalance(town) == 0


def test_a_leg_that_nobody_takes_is_handed_over_within_the_ceilings_and_named(town):
    lonely(town)
    for _ in range(300):
        for venue in town.venues.values():
            venue.troubles.extend([Trouble.UNFILLED] * 3)
        town.premium(60)
        town.sweep.run()
        town.collect()
        run_due(town)
        town.pass_time(500)
    trade = only_trade(town)
    assert trade.state is TradeState.HANDED_OVER
    assert len(repairs(town)) <= 41
    assert trade.residual == imbalance(town) != 0
    (alert,) = [alert for _, alert in town.tables.alerts if alert.kind == "trade_handed_over"]
    assert f"{trade.residual:+f} BTC" in alert.message


def test_a_thin_book_is_left_step_by_step(town):
    open_one(town)
    run_due(town)
    assert only_trade(town).state is TradeState.OPEN
    for _ in range(12):
        town.premium(0, depth="0.002")
        town.evaluate_now()
        run_due(town)
        town.pass_time(100)
    assert only_trade(town).state is TradeState.CLOSED
    assert imbalance(town) == 0
    assert not town.drifts()


@pytest.mark.parametrize("flag", ["WARNING", "GLOBAL_PRICE_DIFFERENCES"])
def test_a_market_warning_stops_entries_and_neither_exits_nor_repairs(town, flag):
    town.evaluate_now()
    town.pass_time(GAP_NS // NS_PER_MS)
    town.venues[Venue.UPBIT].troubles.append(Trouble.PARTIAL)
    open_one(town)
    rule = RULES[Venue.UPBIT]
    town.venues[Venue.UPBIT].rules[rule.symbol] = replace(rule, warning=flag)
    town.instruments.expire(Venue.UPBIT, town.clock.now_ns())
    run_due(town)
    assert only_trade(town).state is TradeState.OPEN
    town.premium(0)
    assert town.evaluate_now() == 1
    run_due(town)
    assert only_trade(town).state is TradeState.CLOSED
    town.premium(60)
    assert town.evaluate_now() == 0
    assert town.counters.counts["refused", "market_warning_upbit"] == 1


class HeldUp(FreshMarkets):
    """Whoever asks for a market is stopped, with it in hand, for longer than a quote lasts."""

    def tradable(self, coin, **options):
        market = super().tradable(coin, **options)
        self.clock.sleep_ms(LIMITS.quote_age_ns_max // NS_PER_MS + 1)
        return market


def test_a_worker_that_was_held_up_does_not_repair_by_the_book_of_before(town):
    lonely(town)
    before = repairs(town)
    markets = town.settle.markets
    held_up = HeldUp(**{field.name: getattr(markets, field.name) for field in fields(markets) if field.init})
    trade = replace(town.settle, markets=held_up).run(only_trade(town).trade_id)
    assert (trade.state, repairs(town)) == (TradeState.REPAIRING, before)
    assert town.counters.counts["settle_waits", "market_old"] == 1
    town.quiesce()
    assert imbalance(town) == 0
