"""Closing one pair by hand, and coins that are paused, in a whole engine."""

from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_S
from arb.domain.trading.by_hand import CoinPause
from arb.domain.trading.order import Purpose
from arb.domain.trading.trade import TradeState
from arb.engine.trading.close_by_hand import NotNow
from tests.domain.markets import PAIR
from tests.engine.town import BTC, SESSION, Town, open_one, run_due

WITHIN_NS = 30 * NS_PER_S


def held() -> Town:
    """A town with one open pair whose time to close has not come, and that opens no other."""
    town = Town()
    open_one(town)
    town.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "by hand", town.clock.now_ns())
    run_due(town)
    assert the_trade(town).state is TradeState.OPEN
    town.pass_time(1_000)
    town.premium(60)
    return town


def the_trade(town: Town):
    (trade,) = town.tables.trades.values()
    return trade


def exits(town: Town) -> int:
    view = town.trades.view(the_trade(town).trade_id)
    return sum(order.purpose is Purpose.EXIT for order in view.orders)


def ask(town: Town):
    quoted = town.close_by_hand.quote(the_trade(town).trade_id)
    return quoted, town.close_by_hand.ask(quoted, "kim@desk", WITHIN_NS)


def evaluate(town: Town) -> None:
    town.pass_time(600)
    town.premium(60)
    town.evaluate_now()
    run_due(town)


def test_a_pair_is_closed_by_hand_once_for_what_was_shown() -> None:
    town = held()
    evaluate(town)
    assert exits(town) == 0
    quoted, _ = ask(town)
    evaluate(town)
    closed = the_trade(town)
    assert (closed.state, closed.reason, exits(town)) == (TradeState.CLOSED, "closed_by_hand", 2)
    assert abs(closed.pnl_krw - quoted.earned_krw) < Decimal(100)
    assert quoted.cost_krw == quoted.fees_krw + quoted.depth_krw > 0
    evaluate(town)
    assert exits(town) == 2
    with pytest.raises(NotNow, match="no longer open"):
        town.close_by_hand.quote(closed.trade_id)


def test_a_market_that_got_worse_closes_nothing_and_the_request_lapses() -> None:
    town = held()
    _, request = ask(town)
    town.pass_time(600)
    town.premium(90)  # what was sold dear is dearer: closing it costs 30 bps more
    town.evaluate_now()
    run_due(town)
    assert exits(town) == 0
    assert town.counters.counts["exit_waits", "by_hand_price"] > 0
    town.pass_time(30_000)
    evaluate(town)
    assert exits(town) == 0
    assert town.close_by_hand.follow(request).state is TradeState.OPEN


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_venue_that_is_away_is_named_and_nothing_is_asked(venue: Venue) -> None:
    town = held()
    town.pass_time(5_000)
    fresh = {
        Venue.BINANCE: town.book(Venue.BINANCE, "BTC/USDT", "99999.50", "100000.50", "5"),
        Venue.UPBIT: town.book(Venue.UPBIT, "BTC/KRW", "140839000", "140841000", "5"),
    }
    town.quotes.put([book for where, book in fresh.items() if where is not venue], [BTC])
    with pytest.raises(NotNow, match=f"{venue} is away"):
        town.close_by_hand.quote(the_trade(town).trade_id)
    assert town.tables.close_requests == []


def test_what_is_halted_or_killed_closes_nothing_and_says_how_to_go_on() -> None:
    town = held()
    town.sessions.set_mode(SESSION, Mode.HALTED, "by hand", town.clock.now_ns())
    with pytest.raises(NotNow, match="reduce-only"):
        town.close_by_hand.quote(the_trade(town).trade_id)
    town.switch.engage("fire", town.clock.now_ns())
    with pytest.raises(NotNow, match="unkill"):
        town.close_by_hand.quote(the_trade(town).trade_id)


def test_a_trade_that_nobody_knows_is_said() -> None:
    with pytest.raises(NotNow, match="no such trade"):
        held().close_by_hand.quote("gone")


def test_the_waiting_ends_when_the_pair_is_closed() -> None:
    town = held()
    _, request = ask(town)
    evaluate(town)
    assert town.close_by_hand.follow(request).state is TradeState.CLOSED


def test_a_paused_coin_opens_nothing_and_closes_what_is_open() -> None:
    town = held()
    town.sessions.set_mode(SESSION, Mode.NORMAL, "by hand", town.clock.now_ns())
    town.hand.pause(SESSION, CoinPause(coin=BTC, since_ns=town.clock.now_ns(), by="kim@desk"))
    for _ in range(5):
        evaluate(town)
    assert len(town.tables.trades) == 1
    assert town.counters.counts["refused", "coin_paused"] > 0
    town.pass_time(600)
    town.premium(0)
    town.evaluate_now()
    run_due(town)
    assert the_trade(town).state is TradeState.CLOSED
    town.hand.resume(SESSION, BTC, "kim@desk", town.clock.now_ns())
    evaluate(town)
    assert len(town.tables.trades) == 2
