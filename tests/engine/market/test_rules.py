"""Rules that changed: an order that is refused by them has them read anew, here and elsewhere."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.market.listing import OddMarket
from arb.domain.time import NS_PER_MS
from arb.domain.trading.order import OrderState, Purpose
from arb.domain.trading.trade import TradeState
from arb.engine.market.rules import GAP_NS, REFRESH_NS
from tests.domain.markets import OTHER, PAIR
from tests.engine.testbed import BTC, RULES, EngineTestbed


@pytest.fixture
def testbed() -> EngineTestbed:
    testbed = EngineTestbed()
    testbed.evaluate_now()  # the rules are read
    testbed.pass_time(GAP_NS // NS_PER_MS)
    return testbed


def change_unit(testbed: EngineTestbed, venue: Venue) -> None:
    """Make the venue's price unit a coarser one than any that prices on a testbed happen to fit."""
    rule = RULES[venue]
    testbed.venues[venue].rules[rule.symbol] = replace(rule, price_bands=((Decimal(0), Decimal(7)),))


def open_one(testbed: EngineTestbed) -> None:
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    while testbed.pending and testbed.pending[0][0] <= testbed.clock.now_ns():
        testbed.run_one()


def entries(testbed: EngineTestbed, venue: Venue) -> list[OrderState]:
    orders = [row.order for row in testbed.tables.orders.values()]
    return [order.state for order in orders if order.venue is venue and order.purpose is Purpose.ENTRY]


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_price_unit_that_changed_refuses_one_entry_and_the_next_one_fits(
    testbed: EngineTestbed, venue: Venue
):
    change_unit(testbed, venue)
    open_one(testbed)
    assert entries(testbed, venue) == [OrderState.REJECTED]
    assert testbed.announced == [(venue, testbed.clock.now_ns())]
    open_one(testbed)
    assert entries(testbed, venue) == [OrderState.REJECTED, OrderState.FILLED]
    assert [trade.state for trade in testbed.tables.trades.values()][-1] is TradeState.OPEN
    assert len(testbed.announced) == 1


def test_refusals_in_a_row_are_announced_every_five_seconds(testbed: EngineTestbed):
    for _ in range(100):
        testbed.execute.reread_rules.run(Venue.UPBIT)
        testbed.execute.reread_rules.run(Venue.BINANCE)
        testbed.pass_time(GAP_NS // NS_PER_MS // 10)
    assert [venue for venue, _ in testbed.announced] == [Venue.UPBIT, Venue.BINANCE] * 10


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_coin_without_rules_is_counted_as_refused(venue: Venue):
    testbed = EngineTestbed()
    testbed.venues[venue].rules.clear()
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert testbed.counters.counts["refused", f"no_rules_{venue}"] == 1
    assert ("refused", f"no_rules_{OTHER[venue]}") not in testbed.counters.counts
    assert [(alert.kind, alert.subject) for _, alert in testbed.tables.alerts] == [
        ("coin_unlisted", f"{BTC} on {venue}")
    ]


def test_a_coin_without_books_is_not_counted_as_without_rules():
    testbed = EngineTestbed()
    testbed.quotes.put([testbed.book(Venue.BINANCE, "ETH/USDT", "99", "100", "5")], ["ETH"])
    testbed.venues[Venue.BINANCE].rules["ETH/USDT"] = replace(RULES[Venue.BINANCE], symbol="ETH/USDT")
    testbed.venues[Venue.UPBIT].rules["ETH/KRW"] = replace(RULES[Venue.UPBIT], symbol="ETH/KRW")
    testbed.evaluate_now()
    assert not [reason for name, reason in testbed.counters.counts if name == "refused"]


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_market_whose_row_turns_odd_opens_nothing_and_closes_what_is_open(
    testbed: EngineTestbed, venue: Venue
):
    open_one(testbed)
    (trade,) = testbed.tables.trades.values()
    rule = RULES[venue]
    testbed.venues[venue].odd = (OddMarket(venue, rule.symbol, "stepSize", "0"),)
    testbed.pass_time(REFRESH_NS // NS_PER_MS)
    testbed.premium(60)
    testbed.evaluate_now()
    assert len(testbed.tables.trades) == 1
    assert testbed.counters.counts["refused", f"closing_only_{venue}"] == 1
    testbed.premium(0)
    assert testbed.evaluate_now() == 1
    while testbed.pending and testbed.pending[0][0] <= testbed.clock.now_ns():
        testbed.run_one()
    assert testbed.tables.trades[trade.trade_id].state is TradeState.CLOSED
    assert [(alert.kind, alert.subject) for _, alert in testbed.tables.alerts] == [
        ("rules_odd", f"{BTC} on {venue}")
    ]
