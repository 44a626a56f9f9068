"""A market to settle on, whatever became of the hot quotes."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.health.degradation import Degree
from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.spread import Rate
from arb.domain.trading.trade import TradeState
from tests.domain.markets import OTHER, PAIR, USDT_KRW, a_belief
from tests.engine.testbed import BTC, SESSION, EngineTestbed


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def test_a_hedge_is_decided_on_all_the_depth_that_the_venues_show():
    testbed = EngineTestbed()
    testbed.premium(0, depth="1")
    testbed.show(testbed.book(Venue.BINANCE, "BTC/USDT", "99999.50", "100000.50", "8"))
    testbed.degree = Degree.SHALLOW
    market = testbed.settle.markets.read("BTC", deep=True)
    assert market.book(Venue.BINANCE).bids[0].quantity == 8
    testbed.degree = Degree.NEAR
    assert testbed.settle.markets.read("BTC", deep=True).book(Venue.BINANCE).bids[0].quantity == 1
    assert (Venue.UPBIT, Symbol("USDT/KRW")) == USDT_KRW and SESSION


def asked(testbed: EngineTestbed) -> dict[str, int]:
    return {
        reason: count for (name, reason), count in testbed.counters.counts.items() if name == "books_asked"
    }


def test_hot_quotes_that_are_fresh_are_used_and_no_venue_is_asked(testbed):
    testbed.show(testbed.book(Venue.BINANCE, "BTC/USDT", "1.00", "2.00", "5"))
    assert testbed.settle.markets.read(BTC).book(Venue.BINANCE).bid == Decimal("99999.50")
    assert asked(testbed) == {}


def test_quotes_that_are_stale_are_asked_of_the_venues(testbed):
    testbed.show(testbed.book(Venue.BINANCE, "BTC/USDT", "1.00", "2.00", "5"))
    testbed.pass_time(2_001)
    found = testbed.settle.markets.read(BTC)
    assert found.book(Venue.BINANCE).bid == 1
    assert found.book(Venue.BINANCE).ts_recv_ns == testbed.clock.now_ns()
    assert asked(testbed) == {"upbit": 2, "binance": 1}


def test_quotes_whose_store_is_away_are_asked_of_the_venues(testbed):
    testbed.quotes.away = True
    assert testbed.settle.markets.read(BTC) is not None


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_venue_that_says_nothing_leaves_no_market_to_act_on(testbed, venue):
    testbed.pass_time(2_001)
    testbed.venues[venue].silent = True
    assert testbed.settle.markets.read(BTC) is None
    assert asked(testbed)[f"{venue}_failed"] >= 1


def test_a_hot_book_that_is_still_there_is_not_used_once_it_is_stale(testbed):
    """Only one venue's book is old: the other one's answer does not make it fresh."""
    testbed.pass_time(2_001)
    testbed.quotes.put([testbed.book(Venue.UPBIT, "BTC/KRW", "139999000", "140001000", "5")], [])
    testbed.venues[Venue.BINANCE].silent = True
    assert testbed.settle.markets.read(BTC) is None


@pytest.mark.parametrize(("after_ms", "times"), [(499, 1), (500, 2)])
def test_trades_that_wait_at_once_ask_a_venue_once(testbed, after_ms, times):
    testbed.quotes.away = True
    testbed.settle.markets.read(BTC)
    testbed.pass_time(after_ms)
    assert testbed.settle.markets.read(BTC) is not None
    assert asked(testbed) == {"upbit": 2 * times, "binance": times}


def test_a_venue_that_failed_is_asked_again_at_once(testbed):
    testbed.quotes.away = True
    testbed.venues[Venue.BINANCE].silent = True
    assert testbed.settle.markets.read(BTC) is None
    testbed.venues[Venue.BINANCE].silent = False
    assert testbed.settle.markets.read(BTC) is not None


def test_depth_that_no_venue_tells_is_no_obstacle_while_the_hot_books_are_fresh(testbed):
    testbed.degree = Degree.SHALLOW
    for venue in testbed.venues.values():
        venue.silent = True
    assert testbed.settle.markets.read(BTC, deep=True) is not None


def test_depth_that_nobody_wants_is_not_asked_for(testbed):
    testbed.degree = Degree.SHALLOW
    testbed.settle.markets.read(BTC)
    assert asked(testbed) == {}


# what is left while a venue is gone


@pytest.mark.parametrize("gone", list(PAIR.venues))
def test_a_venue_that_says_nothing_leaves_the_market_of_the_other_one(testbed, gone):
    testbed.pass_time(2_001)
    testbed.venues[gone].silent = True
    found = testbed.settle.markets.tradable(BTC)
    assert found.venues == (OTHER[gone],)
    assert found.whole is None
    assert found.rate.krw_per_usdt == 1_400


def test_a_market_that_is_whole_is_what_there_is(testbed):
    assert testbed.settle.markets.tradable(BTC) == testbed.settle.markets.read(BTC)


def test_both_venues_gone_leave_nothing(testbed):
    testbed.pass_time(2_001)
    for venue in testbed.venues.values():
        venue.silent = True
    assert testbed.settle.markets.tradable(BTC) is None


def test_a_venue_that_is_gone_is_not_waited_for_before_each_repair_on_the_other_one(testbed):
    testbed.pass_time(2_001)
    testbed.venues[Venue.UPBIT].silent = True
    for _ in range(4):
        assert testbed.settle.markets.tradable(BTC).venues == (Venue.BINANCE,)
        testbed.pass_time(1_000)
    assert asked(testbed)["upbit_failed"] == 2  # its two books, once
    testbed.venues[Venue.UPBIT].silent = False
    testbed.pass_time(1_000)
    assert testbed.settle.markets.tradable(BTC).whole is not None


def test_a_venue_that_is_silent_is_asked_at_once_where_the_other_one_has_nothing_either(testbed):
    testbed.quotes.away = True
    for venue in testbed.venues.values():
        venue.silent = True
    assert testbed.settle.markets.tradable(BTC) is None
    for venue in testbed.venues.values():
        venue.silent = False
    assert testbed.settle.markets.tradable(BTC).whole is not None


def test_without_any_rate_half_a_market_is_valued_at_the_one_that_is_given(testbed):
    testbed.quotes.away = True
    testbed.venues[Venue.UPBIT].silent = True
    fresh = testbed.settle.markets
    unknowing = replace(fresh, markets=replace(fresh.markets, belief=a_belief()))
    assert unknowing.tradable(BTC) is None
    given = Rate(krw_per_usdt=Decimal(1_390), ts_recv_ns=0)
    assert unknowing.tradable(BTC, otherwise=given).rate is given


def test_the_last_rate_that_was_fresh_is_remembered_without_the_store(testbed):
    testbed.settle.markets.read(BTC)
    testbed.quotes.away = True
    testbed.venues[Venue.UPBIT].silent = True
    assert testbed.settle.markets.tradable(BTC).rate.krw_per_usdt == 1_400


def test_a_pair_on_half_a_market_is_no_dust_to_be_booked(testbed):
    """What is left of a pair is judged on both venues, or not yet."""
    testbed.premium(60)
    testbed.evaluate_now()
    testbed.run_one()
    testbed.run_one()
    testbed.pass_time(2_001)
    testbed.venues[Venue.UPBIT].silent = True
    while testbed.pending:
        testbed.run_one()
    (trade,) = testbed.tables.trades.values()
    assert trade.state is TradeState.OPEN
