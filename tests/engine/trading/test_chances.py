"""A chance is one however often it is looked at; what became of it is kept, and refusals count chances."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.market.opportunity import OPENED, Opportunity, joined, opportunity, quantity_above
from arb.domain.risk.review import Mode
from arb.engine.trading.chances import UNSEEN_NS_MAX
from arb.engine.trading.proposals import edges_at
from tests.engine.testbed import BTC, LIMITS, SESSION, EngineTestbed


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def look(testbed: EngineTestbed, premium_bps: int, times: int = 1) -> None:
    for _ in range(times):
        testbed.premium(premium_bps)
        testbed.evaluate_now()
        testbed.pass_time(100)


def taken(testbed: EngineTestbed) -> list[Opportunity]:
    return joined(testbed.chances.take())


def test_chance_that_is_taken_says_so_and_names_the_trade(testbed):
    look(testbed, 60)
    look(testbed, 0)
    (chance,) = taken(testbed)
    assert chance.reason == OPENED
    assert chance.trades == tuple(testbed.tables.trades)
    assert chance.direction.sell_on is Venue.UPBIT
    trade = testbed.tables.trades[chance.trades[0]]
    assert chance.peak_bps == trade.entry_edge_bps
    assert chance.quantity >= trade.quantity


def test_chance_that_stands_is_one_and_refused_once(testbed):
    testbed.health.pause(SESSION, Venue.BINANCE, testbed.clock.now_ns() + 60_000_000_000, "418")
    look(testbed, 40, times=20)
    look(testbed, 60, times=20)
    look(testbed, 0)
    (chance,) = taken(testbed)
    assert chance.reason == "venue_paused_binance"
    assert chance.reasons == {"venue_paused_binance": 40}
    assert chance.lasted_ns == 3_900_000_000
    assert testbed.counters.counts["refused", "venue_paused_binance"] == 1
    assert testbed.counters.counts["refused_looks", "venue_paused_binance"] == 40
    look(testbed, 60, times=3)
    assert testbed.counters.counts["refused", "venue_paused_binance"] == 2


def test_its_best_moment_is_kept(testbed):
    testbed.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "test", testbed.clock.now_ns())
    for premium in (40, 90, 70):
        look(testbed, premium)
    look(testbed, 0)
    (chance,) = taken(testbed)
    assert chance.reason == Mode.REDUCE_ONLY.value
    assert Decimal(60) < chance.peak_bps < Decimal(80)  # of 90, less fees
    assert chance.began_ns < chance.peak_ns < chance.ended_ns
    assert ("refused", "reduce_only") not in testbed.counters.counts


@pytest.mark.parametrize("halt", ["mode", "switch"])
def test_chance_while_nothing_is_judged_is_told_of(testbed, halt):
    if halt == "mode":
        testbed.sessions.set_mode(SESSION, Mode.HALTED, "test", testbed.clock.now_ns())
    else:
        testbed.switch.engage("test", testbed.clock.now_ns())
    look(testbed, 60)
    (chance,) = taken(testbed)
    assert chance.reason == "halted"
    assert not testbed.tables.trades


def test_edge_below_the_least_is_no_chance(testbed):
    look(testbed, 20, times=5)
    assert taken(testbed) == []


def test_edge_that_the_strategy_wants_is_a_chance_wherever_it_is(testbed):
    testbed.evaluate = replace(
        testbed.evaluate, chances=replace(testbed.evaluate.chances, least_bps=Decimal(500))
    )
    look(testbed, 60)
    (chance,) = taken(testbed)
    assert chance.reason == OPENED


def test_coin_that_nobody_looked_at_for_long_has_another_chance(testbed):
    testbed.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "test", testbed.clock.now_ns())
    look(testbed, 60)
    testbed.pass_time(2 * UNSEEN_NS_MAX // 1_000_000)
    look(testbed, 60)
    assert len(taken(testbed)) == 2


def test_other_direction_is_another_chance(testbed):
    testbed.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "test", testbed.clock.now_ns())
    look(testbed, 60)
    look(testbed, -60)
    look(testbed, 0)
    assert {chance.direction.sell_on for chance in taken(testbed)} == {Venue.UPBIT, Venue.BINANCE}


def test_long_chance_is_passed_on_once_a_second(testbed):
    testbed.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "test", testbed.clock.now_ns())
    passed = []
    testbed.chances.keep = passed.extend  # type: ignore[method-assign]
    look(testbed, 60, times=50)  # five seconds
    assert 5 <= len(passed) <= 6


def test_what_it_is_worth_pays_both_ways_fees(testbed):
    testbed.premium(60)
    market = testbed.evaluate.markets.read([BTC], testbed.clock.now_ns())[BTC]
    best = max(edges_at(market, Decimal(1_000)), key=lambda each: each.net_bps)
    found = opportunity(market, best, LIMITS.entry_edge_bps_min, testbed.clock.now_ns())
    assert found.worth_krw == best.net_krw - best.cost_krw * Decimal("0.0015")


def test_size_is_as_much_as_the_books_have_above_the_least_edge(testbed):
    testbed.premium(60)
    market = testbed.evaluate.markets.read([BTC], testbed.clock.now_ns())[BTC]
    best = max(edges_at(market, Decimal(1_000)), key=lambda each: each.net_bps)
    low, high = (quantity_above(market, best, Decimal(bps)) for bps in (59, 15))
    assert best.quantity <= low <= high
    depth = min(
        sum(level.quantity for level in market.book(venue).against(best.direction.side(venue)))
        for venue in market.venues
    )
    assert high <= depth


def test_chances_that_two_processes_saw_are_one():
    def seen(began_s, ended_s, peak, reasons, trades=()):
        from arb.domain.market.pair import Direction

        return Opportunity(
            coin=BTC,
            direction=Direction("sell_upbit"),
            began_ns=began_s,
            ended_ns=ended_s,
            peak_ns=began_s,
            peak_bps=Decimal(peak),
            quantity=Decimal(1),
            size_krw=Decimal(1),
            worth_krw=Decimal(peak),
            reasons=reasons,
            trades=trades,
        )

    found = joined([seen(5, 9, 30, {"a": 2}), seen(1, 6, 20, {"a": 1, "b": 1}, ("t",)), seen(20, 21, 5, {})])
    assert [(each.began_ns, each.ended_ns, each.peak_bps, each.trades) for each in found] == [
        (1, 9, Decimal(30), ("t",)),
        (20, 21, Decimal(5), ()),
    ]
    assert found[0].reasons == {"a": 3, "b": 1}
