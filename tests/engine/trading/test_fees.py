"""Fees in a third asset are in the profit, or nothing is opened until they are."""

from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.trading.trade import ENDED, TradeState
from tests.engine.testbed import BTC, EngineTestbed, Tripwire

FEE_BNB = Decimal("0.00125")
WORTH_USDT = FEE_BNB * 600


def a_testbed_with_fees_in_bnb() -> EngineTestbed:
    testbed = EngineTestbed()
    held = testbed.venues[Venue.BINANCE].held
    held["BNB"] = Decimal(10)
    testbed.venues[Venue.BINANCE].fee_paid_in = ("BNB", FEE_BNB)
    return testbed


def bnb(testbed, bid="599.99", ask="600.01"):
    return testbed.book(Venue.BINANCE, "BNB/USDT", bid, ask, "100")


def feed(testbed, *books):
    testbed.show(*books)
    testbed.quotes.put(books, [])


def run_all(testbed):
    testbed.collect()
    while testbed.pending:
        testbed.run_one()


def open_one(testbed):
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    run_all(testbed)
    (trade,) = testbed.tables.trades.values()
    return testbed.trades.view(trade.trade_id)


def worths(testbed):
    orders = [row.order for row in testbed.tables.orders.values() if row.order.venue is Venue.BINANCE]
    return [fill.fee_in_quote for order in orders for fill in order.fills]


def refusals(testbed):
    return {why for name, why in testbed.counters.counts if name == "refused"}


def kinds(testbed):
    return [alert.kind for _, alert in testbed.tables.alerts]


def test_a_fee_is_valued_by_the_book_that_is_fed():
    testbed = a_testbed_with_fees_in_bnb()
    feed(testbed, bnb(testbed))
    view = open_one(testbed)
    assert worths(testbed) == [WORTH_USDT]
    assert view.trade.state is TradeState.OPEN
    assert "fee_valued_late" not in kinds(testbed)


@pytest.mark.parametrize("away", [True, False], ids=["cache away", "not fed"])
def test_a_fee_is_valued_by_the_venue_where_no_book_is_fed(away):
    testbed = a_testbed_with_fees_in_bnb()
    testbed.show(bnb(testbed))
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    testbed.quotes.away = away
    run_all(testbed)
    assert worths(testbed) == [WORTH_USDT]


@pytest.mark.parametrize("broken", [("300", "900"), ("1", "1000")])
def test_a_book_with_a_hole_values_nothing(broken):
    testbed = a_testbed_with_fees_in_bnb()
    feed(testbed, bnb(testbed, *broken))
    open_one(testbed)
    assert worths(testbed) == [None]


def test_an_old_price_values_nothing():
    testbed = a_testbed_with_fees_in_bnb()
    feed(testbed, bnb(testbed))
    testbed.venues[Venue.BINANCE].book = lambda symbol: testbed.shown.get([(Venue.BINANCE, symbol)])[
        Venue.BINANCE, symbol
    ]
    testbed.pass_time(61_000)
    open_one(testbed)
    assert worths(testbed) == [None]


def test_without_a_price_nothing_more_is_opened_and_the_reason_is_counted_and_told():
    testbed = a_testbed_with_fees_in_bnb()
    view = open_one(testbed)
    assert view.trade.state is TradeState.OPEN
    for _ in range(5):
        testbed.pass_time(1_000)
        testbed.premium(60)
        assert testbed.evaluate_now() == 0
    assert "fee_price_binance_bnb" in refusals(testbed)
    assert "fee_unvalued" in kinds(testbed)


def test_once_the_price_is_gone_nothing_is_opened_although_all_fees_are_valued():
    testbed = a_testbed_with_fees_in_bnb()
    feed(testbed, bnb(testbed))
    open_one(testbed)
    testbed.venues[Venue.BINANCE].silent = True
    testbed.pass_time(61_000)
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert "fee_price_binance_bnb" in refusals(testbed)


def test_a_fee_without_a_price_is_valued_once_there_is_one_and_that_is_told():
    testbed = a_testbed_with_fees_in_bnb()
    open_one(testbed)
    testbed.pass_time(10_000)
    feed(testbed, bnb(testbed))
    testbed.sweep.run()
    run_all(testbed)
    assert worths(testbed) == [WORTH_USDT]
    assert kinds(testbed).count("fee_valued_late") == 1
    testbed.premium(60)
    assert testbed.evaluate_now() == 1


def close(testbed):
    for _ in range(40):
        testbed.premium(0)
        testbed.evaluate_now()
        run_all(testbed)
        if all(trade.state in ENDED for trade in testbed.tables.trades.values()):
            return
        testbed.pass_time(300)
    raise AssertionError("never closed")


def closed_profit(testbed, price_at_the_end):
    open_one(testbed)
    close(testbed)
    if price_at_the_end:
        testbed.pass_time(10_000)
        testbed.premium(0)
        feed(testbed, bnb(testbed))
    testbed.sweep.run()
    run_all(testbed)
    (trade,) = testbed.tables.trades.values()
    return trade


def test_a_trade_that_ended_without_a_price_gets_its_profit_corrected():
    priced = a_testbed_with_fees_in_bnb()
    feed(priced, bnb(priced))
    right = closed_profit(priced, price_at_the_end=False)
    late = closed_profit(a_testbed_with_fees_in_bnb(), price_at_the_end=True)
    assert right.state is late.state is TradeState.CLOSED
    assert late.pnl_krw == right.pnl_krw


@pytest.mark.parametrize("calls", range(8))
@pytest.mark.parametrize("after", [False, True])
def test_who_dies_while_fees_are_valued_loses_none_and_counts_none_twice(calls, after):
    testbed = a_testbed_with_fees_in_bnb()
    open_one(testbed)
    close(testbed)
    (before,) = testbed.tables.trades.values()
    testbed.pass_time(10_000)
    testbed.premium(0)
    feed(testbed, bnb(testbed))
    testbed.sweep.run()
    testbed.collect()
    testbed.run_one(keep=True, trip=Tripwire(calls, after=after))
    run_all(testbed)
    testbed.sweep.run()
    run_all(testbed)
    (trade,) = testbed.tables.trades.values()
    cost_usdt = 2 * WORTH_USDT
    assert worths(testbed) == [WORTH_USDT, WORTH_USDT]
    assert trade.pnl_krw == before.pnl_krw - cost_usdt * 1_400
    assert trade.coin == BTC
