"""Rules that changed, in town: an order that is refused by them has them read anew, here and elsewhere."""

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
from tests.engine.town import BTC, RULES, Town


@pytest.fixture
def town() -> Town:
    town = Town()
    town.evaluate_now()  # the rules are read
    town.pass_time(GAP_NS // NS_PER_MS)
    return town


def change_unit(town: Town, venue: Venue) -> None:
    """Make the venue's price unit a coarser one than any that prices in town happen to fit."""
    rule = RULES[venue]
    town.venues[venue].rules[rule.symbol] = replace(rule, price_bands=((Decimal(0), Decimal(7)),))


def open_one(town: Town) -> None:
    town.premium(60)
    assert town.evaluate_now() == 1
    while town.pending and town.pending[0][0] <= town.clock.now_ns():
        town.run_one()


def entries(town: Town, venue: Venue) -> list[OrderState]:
    orders = [row.order for row in town.tables.orders.values()]
    return [order.state for order in orders if order.venue is venue and order.purpose is Purpose.ENTRY]


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_price_unit_that_changed_refuses_one_entry_and_the_next_one_fits(town: Town, venue: Venue):
    change_unit(town, venue)
    open_one(town)
    assert entries(town, venue) == [OrderState.REJECTED]
    assert town.announced == [(venue, town.clock.now_ns())]
    open_one(town)
    assert entries(town, venue) == [OrderState.REJECTED, OrderState.FILLED]
    assert [trade.state for trade in town.tables.trades.values()][-1] is TradeState.OPEN
    assert len(town.announced) == 1


def test_refusals_in_a_row_are_announced_every_five_seconds(town: Town):
    for _ in range(100):
        town.execute.reread_rules.run(Venue.UPBIT)
        town.execute.reread_rules.run(Venue.BINANCE)
        town.pass_time(GAP_NS // NS_PER_MS // 10)
    assert [venue for venue, _ in town.announced] == [Venue.UPBIT, Venue.BINANCE] * 10


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_coin_without_rules_is_counted_as_refused(venue: Venue):
    town = Town()
    town.venues[venue].rules.clear()
    town.premium(60)
    assert town.evaluate_now() == 0
    assert town.counters.counts["refused", f"no_rules_{venue}"] == 1
    assert ("refused", f"no_rules_{OTHER[venue]}") not in town.counters.counts
    assert [(alert.kind, alert.subject) for _, alert in town.tables.alerts] == [
        ("coin_unlisted", f"{BTC} on {venue}")
    ]


def test_a_coin_without_books_is_not_counted_as_without_rules():
    town = Town()
    town.quotes.put([town.book(Venue.BINANCE, "ETH/USDT", "99", "100", "5")], ["ETH"])
    town.venues[Venue.BINANCE].rules["ETH/USDT"] = replace(RULES[Venue.BINANCE], symbol="ETH/USDT")
    town.venues[Venue.UPBIT].rules["ETH/KRW"] = replace(RULES[Venue.UPBIT], symbol="ETH/KRW")
    town.evaluate_now()
    assert not [reason for name, reason in town.counters.counts if name == "refused"]


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_market_whose_row_turns_odd_opens_nothing_and_closes_what_is_open(town: Town, venue: Venue):
    open_one(town)
    (trade,) = town.tables.trades.values()
    rule = RULES[venue]
    town.venues[venue].odd = (OddMarket(venue, rule.symbol, "stepSize", "0"),)
    town.pass_time(REFRESH_NS // NS_PER_MS)
    town.premium(60)
    town.evaluate_now()
    assert len(town.tables.trades) == 1
    assert town.counters.counts["refused", f"closing_only_{venue}"] == 1
    town.premium(0)
    assert town.evaluate_now() == 1
    while town.pending and town.pending[0][0] <= town.clock.now_ns():
        town.run_one()
    assert town.tables.trades[trade.trade_id].state is TradeState.CLOSED
    assert [(alert.kind, alert.subject) for _, alert in town.tables.alerts] == [
        ("rules_odd", f"{BTC} on {venue}")
    ]
