"""An open pair's profit is what closing it brings now, and what it waits for is what its strategy asks."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.app.facts.open_pairs import open_pair
from arb.domain.market.ids import Venue
from arb.domain.strategy.levels import SeenLevels
from arb.domain.strategy.pair import PairRules, PairStrategy
from arb.domain.strategy.premium import LevelRules
from arb.domain.time import NS_PER_S
from arb.domain.trading.trade import TradeState
from tests.contracts import world
from tests.contracts.backends import memory_stores
from tests.domain.markets import market
from tests.domain.strategy.test_fixed import FIXED


@pytest.fixture
def view():
    """A pair whose legs are both filled."""
    stores, session = memory_stores(), world.session()
    stores.sessions.create(session)
    for entry in world.openings(session.session_id):
        stores.trades.book_entry(session.session_id, entry, world.NOW_NS)
    opening = world.opening(session.session_id, now_ns=world.NOW_NS)
    stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS)
    for venue in (Venue.UPBIT, Venue.BINANCE):
        stores.trades.claim(opening.on(venue).client_order_id, world.NOW_NS)
        stores.trades.record(world.filled(opening.on(venue)), world.NOW_NS)
    found = stores.trades.view(opening.trade.trade_id)
    return replace(found, trade=replace(found.trade, state=TradeState.OPEN))


def test_it_says_entry_profit_now_and_what_it_waits_for(view):
    found = open_pair(view, market(), FIXED, view.trade.opened_at_ns + 100 * NS_PER_S)
    assert found["entry_premium_bps"] == view.trade.entry_premium_bps
    assert found["premium_bps"] == market().premium_bps
    assert found["pnl_krw"] == found["pnl_bps"] * view.trade.notional_krw / 10_000
    waits = found["exit"]
    assert (waits["due"], waits["time_left_s"]) == ("", 3_500)
    assert (waits["converged_bps"], waits["take_profit_bps"], waits["stop_loss_bps"]) == (0, 40, -200)
    assert waits["closing_bps"] > 0


def test_one_that_is_due_says_why(view):
    found = open_pair(view, market(), FIXED, view.trade.opened_at_ns + FIXED.exits.holding_ns_max)
    assert (found["exit"]["due"], found["exit"]["time_left_s"]) == ("holding_time", 0)


def test_a_better_price_to_close_at_is_more_profit(view):
    now_ns = view.trade.opened_at_ns
    worse = market(upbit_asks=(("143000000", "1"),), upbit_bids=(("142999000", "1"),))
    way = view.trade.direction
    earned = [open_pair(view, found, FIXED, now_ns)["pnl_krw"] for found in (market(), worse)]
    assert (earned[0] > earned[1]) == (way.sell_on is Venue.UPBIT)


@pytest.mark.parametrize("found", [None, market(upbit_asks=(("141401000", "0.00001"),))])
def test_without_prices_to_close_at_nothing_is_made_up(view, found):
    line = open_pair(view, found, FIXED, view.trade.opened_at_ns)
    assert (line["pnl_krw"], line["pnl_bps"], line["exit"]) == (None, None, None)
    assert line["entry_premium_bps"] is not None


def test_one_that_moves_waits_for_nothing(view):
    closing = replace(view, trade=replace(view.trade, state=TradeState.CLOSING))
    assert open_pair(closing, market(), FIXED, view.trade.opened_at_ns)["exit"] is None


def test_what_waits_for_a_level_names_no_level_that_only_the_workers_know(view):
    rules = PairRules(
        min_profit_bps=Decimal(12), slippage_bps=Decimal(4), edge_bps_min=Decimal(-500),
        take_profit_bps=Decimal(-500), stop_loss_bps=Decimal(200), holding_ns_max=3_600 * NS_PER_S,
        rate_loss_bps_max=Decimal(1_000), holding_loss_bps_max=Decimal(1_000),
    )  # fmt: skip
    strategy = PairStrategy(rules=rules, levels=levels_that_know_nothing())
    waits = open_pair(view, market(), strategy, view.trade.opened_at_ns)["exit"]
    assert (waits["due"], waits["min_profit_bps"], waits["stop_loss_bps"]) == ("", 12, -200)
    over = open_pair(view, market(), strategy, view.trade.opened_at_ns + rules.holding_ns_max)["exit"]
    assert over["due"] == "holding_time"


def levels_that_know_nothing():
    rules = LevelRules(half_life_ns=NS_PER_S, away_bps=30.0, return_ns=NS_PER_S)
    return SeenLevels(rules=rules)


def test_a_strategy_of_another_kind_is_asked_all_the_same(view):
    class Patient:
        def exit(self, held):
            return "enough"

    found = open_pair(view, market(), Patient(), view.trade.opened_at_ns)
    assert found["exit"]["due"] == "enough"
    assert found["exit"]["converged_bps"] is None
    assert found["exit"]["closing_bps"] == Decimal(found["exit"]["closing_bps"])
