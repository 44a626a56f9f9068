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
from tests.engine.testbed import BTC, SESSION, EngineTestbed, open_one, run_due

WITHIN_NS = 30 * NS_PER_S


def held() -> EngineTestbed:
    """A testbed with one open pair whose time to close has not come, and that opens no other."""
    testbed = EngineTestbed()
    open_one(testbed)
    testbed.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "by hand", testbed.clock.now_ns())
    run_due(testbed)
    assert the_trade(testbed).state is TradeState.OPEN
    testbed.pass_time(1_000)
    testbed.premium(60)
    return testbed


def the_trade(testbed: EngineTestbed):
    (trade,) = testbed.tables.trades.values()
    return trade


def exits(testbed: EngineTestbed) -> int:
    view = testbed.trades.view(the_trade(testbed).trade_id)
    return sum(order.purpose is Purpose.EXIT for order in view.orders)


def ask(testbed: EngineTestbed):
    quoted = testbed.close_by_hand.quote(the_trade(testbed).trade_id)
    return quoted, testbed.close_by_hand.ask(quoted, "kim@desk", WITHIN_NS)


def evaluate(testbed: EngineTestbed) -> None:
    testbed.pass_time(600)
    testbed.premium(60)
    testbed.evaluate_now()
    run_due(testbed)


def test_a_pair_is_closed_by_hand_once_for_what_was_shown() -> None:
    testbed = held()
    evaluate(testbed)
    assert exits(testbed) == 0
    quoted, _ = ask(testbed)
    evaluate(testbed)
    closed = the_trade(testbed)
    assert (closed.state, closed.reason, exits(testbed)) == (TradeState.CLOSED, "closed_by_hand", 2)
    assert abs(closed.pnl_krw - quoted.earned_krw) < Decimal(100)
    assert quoted.cost_krw == quoted.fees_krw + quoted.depth_krw > 0
    evaluate(testbed)
    assert exits(testbed) == 2
    with pytest.raises(NotNow, match="no longer open"):
        testbed.close_by_hand.quote(closed.trade_id)


def test_a_market_that_got_worse_closes_nothing_and_the_request_lapses() -> None:
    testbed = held()
    _, request = ask(testbed)
    testbed.pass_time(600)
    testbed.premium(90)  # what was sold dear is dearer: closing it costs 30 bps more
    testbed.evaluate_now()
    run_due(testbed)
    assert exits(testbed) == 0
    assert testbed.counters.counts["exit_waits", "by_hand_price"] > 0
    testbed.pass_time(30_000)
    evaluate(testbed)
    assert exits(testbed) == 0
    assert testbed.close_by_hand.follow(request).state is TradeState.OPEN


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_venue_that_is_away_is_named_and_nothing_is_asked(venue: Venue) -> None:
    testbed = held()
    testbed.pass_time(5_000)
    fresh = {
        Venue.BINANCE: testbed.book(Venue.BINANCE, "BTC/USDT", "99999.50", "100000.50", "5"),
        Venue.UPBIT: testbed.book(Venue.UPBIT, "BTC/KRW", "140839000", "140841000", "5"),
    }
    testbed.quotes.put([book for where, book in fresh.items() if where is not venue], [BTC])
    with pytest.raises(NotNow, match=f"{venue} is away"):
        testbed.close_by_hand.quote(the_trade(testbed).trade_id)
    assert testbed.tables.close_requests == []


def test_what_is_halted_or_killed_closes_nothing_and_says_how_to_go_on() -> None:
    testbed = held()
    testbed.sessions.set_mode(SESSION, Mode.HALTED, "by hand", testbed.clock.now_ns())
    with pytest.raises(NotNow, match="reduce-only"):
        testbed.close_by_hand.quote(the_trade(testbed).trade_id)
    testbed.switch.engage("fire", testbed.clock.now_ns())
    with pytest.raises(NotNow, match="unkill"):
        testbed.close_by_hand.quote(the_trade(testbed).trade_id)


def test_a_trade_that_nobody_knows_is_said() -> None:
    with pytest.raises(NotNow, match="no such trade"):
        held().close_by_hand.quote("gone")


def test_the_waiting_ends_when_the_pair_is_closed() -> None:
    testbed = held()
    _, request = ask(testbed)
    evaluate(testbed)
    assert testbed.close_by_hand.follow(request).state is TradeState.CLOSED


def test_a_paused_coin_opens_nothing_and_closes_what_is_open() -> None:
    testbed = held()
    testbed.sessions.set_mode(SESSION, Mode.NORMAL, "by hand", testbed.clock.now_ns())
    testbed.hand.pause(SESSION, CoinPause(coin=BTC, since_ns=testbed.clock.now_ns(), by="kim@desk"))
    for _ in range(5):
        evaluate(testbed)
    assert len(testbed.tables.trades) == 1
    assert testbed.counters.counts["refused", "coin_paused"] > 0
    testbed.pass_time(600)
    testbed.premium(0)
    testbed.evaluate_now()
    run_due(testbed)
    assert the_trade(testbed).state is TradeState.CLOSED
    testbed.hand.resume(SESSION, BTC, "kim@desk", testbed.clock.now_ns())
    evaluate(testbed)
    assert len(testbed.tables.trades) == 2
