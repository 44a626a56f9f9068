"""Fees in a third asset are in the profit, or nothing is opened until they are."""

from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.trading.trade import ENDED, TradeState
from tests.engine.town import BTC, Town, Tripwire

FEE_BNB = Decimal("0.00125")
WORTH_USDT = FEE_BNB * 600


def town_with_fees_in_bnb() -> Town:
    town = Town()
    held = town.venues[Venue.BINANCE].held
    held["BNB"] = Decimal(10)
    town.venues[Venue.BINANCE].fee_paid_in = ("BNB", FEE_BNB)
    return town


def bnb(town, bid="599.99", ask="600.01"):
    return town.book(Venue.BINANCE, "BNB/USDT", bid, ask, "100")


def feed(town, *books):
    town.show(*books)
    town.quotes.put(books, [])


def run_all(town):
    town.collect()
    while town.pending:
        town.run_one()


def open_one(town):
    town.premium(60)
    assert town.evaluate_now() == 1
    run_all(town)
    (trade,) = town.tables.trades.values()
    return town.trades.view(trade.trade_id)


def worths(town):
    orders = [row.order for row in town.tables.orders.values() if row.order.venue is Venue.BINANCE]
    return [fill.fee_in_quote for order in orders for fill in order.fills]


def refusals(town):
    return {why for name, why in town.counters.counts if name == "refused"}


def kinds(town):
    return [alert.kind for _, alert in town.tables.alerts]


def test_a_fee_is_valued_by_the_book_that_is_fed():
    town = town_with_fees_in_bnb()
    feed(town, bnb(town))
    view = open_one(town)
    assert worths(town) == [WORTH_USDT]
    assert view.trade.state is TradeState.OPEN
    assert "fee_valued_late" not in kinds(town)


@pytest.mark.parametrize("away", [True, False], ids=["cache away", "not fed"])
def test_a_fee_is_valued_by_the_venue_where_no_book_is_fed(away):
    town = town_with_fees_in_bnb()
    town.show(bnb(town))
    town.premium(60)
    assert town.evaluate_now() == 1
    town.quotes.away = away
    run_all(town)
    assert worths(town) == [WORTH_USDT]


@pytest.mark.parametrize("broken", [("300", "900"), ("1", "1000")])
def test_a_book_with_a_hole_values_nothing(broken):
    town = town_with_fees_in_bnb()
    feed(town, bnb(town, *broken))
    open_one(town)
    assert worths(town) == [None]


def test_an_old_price_values_nothing():
    town = town_with_fees_in_bnb()
    feed(town, bnb(town))
    town.venues[Venue.BINANCE].book = lambda symbol: town.shown.get([(Venue.BINANCE, symbol)])[
        Venue.BINANCE, symbol
    ]
    town.pass_time(61_000)
    open_one(town)
    assert worths(town) == [None]


def test_without_a_price_nothing_more_is_opened_and_the_reason_is_counted_and_told():
    town = town_with_fees_in_bnb()
    view = open_one(town)
    assert view.trade.state is TradeState.OPEN
    for _ in range(5):
        town.pass_time(1_000)
        town.premium(60)
        assert town.evaluate_now() == 0
    assert "fee_price_binance_bnb" in refusals(town)
    assert "fee_unvalued" in kinds(town)


def test_once_the_price_is_gone_nothing_is_opened_although_all_fees_are_valued():
    town = town_with_fees_in_bnb()
    feed(town, bnb(town))
    open_one(town)
    town.venues[Venue.BINANCE].silent = True
    town.pass_time(61_000)
    town.premium(60)
    assert town.evaluate_now() == 0
    assert "fee_price_binance_bnb" in refusals(town)


def test_a_fee_without_a_price_is_valued_once_there_is_one_and_that_is_told():
    town = town_with_fees_in_bnb()
    open_one(town)
    town.pass_time(10_000)
    feed(town, bnb(town))
    town.sweep.run()
    run_all(town)
    assert worths(town) == [WORTH_USDT]
    assert kinds(town).count("fee_valued_late") == 1
    town.premium(60)
    assert town.evaluate_now() == 1


def close(town):
    for _ in range(40):
        town.premium(0)
        town.evaluate_now()
        run_all(town)
        if all(trade.state in ENDED for trade in town.tables.trades.values()):
            return
        town.pass_time(300)
    raise AssertionError("never closed")


def closed_profit(town, price_at_the_end):
    open_one(town)
    close(town)
    if price_at_the_end:
        town.pass_time(10_000)
        town.premium(0)
        feed(town, bnb(town))
    town.sweep.run()
    run_all(town)
    (trade,) = town.tables.trades.values()
    return trade


def test_a_trade_that_ended_without_a_price_gets_its_profit_corrected():
    priced = town_with_fees_in_bnb()
    feed(priced, bnb(priced))
    right = closed_profit(priced, price_at_the_end=False)
    late = closed_profit(town_with_fees_in_bnb(), price_at_the_end=True)
    assert right.state is late.state is TradeState.CLOSED
    assert late.pnl_krw == right.pnl_krw


@pytest.mark.parametrize("calls", range(8))
@pytest.mark.parametrize("after", [False, True])
def test_who_dies_while_fees_are_valued_loses_none_and_counts_none_twice(calls, after):
    town = town_with_fees_in_bnb()
    open_one(town)
    close(town)
    (before,) = town.tables.trades.values()
    town.pass_time(10_000)
    town.premium(0)
    feed(town, bnb(town))
    town.sweep.run()
    town.collect()
    town.run_one(keep=True, trip=Tripwire(calls, after=after))
    run_all(town)
    town.sweep.run()
    run_all(town)
    (trade,) = town.tables.trades.values()
    cost_usdt = 2 * WORTH_USDT
    assert worths(town) == [WORTH_USDT, WORTH_USDT]
    assert trade.pnl_krw == before.pnl_krw - cost_usdt * 1_400
    assert trade.coin == BTC
