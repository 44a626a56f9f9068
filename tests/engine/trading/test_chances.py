"""A chance is one however often it is looked at; what became of it is kept, and refusals count chances."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.market.opportunity import OPENED, Opportunity, joined, opportunity, quantity_above
from arb.domain.risk.review import Mode
from arb.engine.trading.chances import UNSEEN_NS_MAX
from arb.engine.trading.proposals import edges_at
from tests.engine.town import BTC, LIMITS, SESSION, Town


@pytest.fixture
def town() -> Town:
    return Town()


def look(town: Town, premium_bps: int, times: int = 1) -> None:
    for _ in range(times):
        town.premium(premium_bps)
        town.evaluate_now()
        town.pass_time(100)


def taken(town: Town) -> list[Opportunity]:
    return joined(town.chances.take())


def test_chance_that_is_taken_says_so_and_names_the_trade(town):
    look(town, 60)
    look(town, 0)
    (chance,) = taken(town)
    assert chance.reason == OPENED
    assert chance.trades == tuple(town.tables.trades)
    assert chance.direction.sell_on is Venue.UPBIT
    trade = town.tables.trades[chance.trades[0]]
    assert chance.peak_bps == trade.entry_edge_bps
    assert chance.quantity >= trade.quantity


def test_chance_that_stands_is_one_and_refused_once(town):
    town.health.pause(SESSION, Venue.BINANCE, town.clock.now_ns() + 60_000_000_000, "418")
    look(town, 40, times=20)
    look(town, 60, times=20)
    look(town, 0)
    (chance,) = taken(town)
    assert chance.reason == "venue_paused_binance"
    assert chance.reasons == {"venue_paused_binance": 40}
    assert chance.lasted_ns == 3_900_000_000
    assert town.counters.counts["refused", "venue_paused_binance"] == 1
    assert town.counters.counts["refused_looks", "venue_paused_binance"] == 40
    look(town, 60, times=3)
    assert town.counters.counts["refused", "venue_paused_binance"] == 2


def test_its_best_moment_is_kept(town):
    town.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "test", town.clock.now_ns())
    for premium in (40, 90, 70):
        look(town, premium)
    look(town, 0)
    (chance,) = taken(town)
    assert chance.reason == Mode.REDUCE_ONLY.value
    assert Decimal(60) < chance.peak_bps < Decimal(80)  # of 90, less fees
    assert chance.began_ns < chance.peak_ns < chance.ended_ns
    assert ("refused", "reduce_only") not in town.counters.counts


@pytest.mark.parametrize("halt", ["mode", "switch"])
def test_chance_while_nothing_is_judged_is_told_of(town, halt):
    if halt == "mode":
        town.sessions.set_mode(SESSION, Mode.HALTED, "test", town.clock.now_ns())
    else:
        town.switch.engage("test", town.clock.now_ns())
    look(town, 60)
    (chance,) = taken(town)
    assert chance.reason == "halted"
    assert not town.tables.trades


def test_edge_below_the_least_is_no_chance(town):
    look(town, 20, times=5)
    assert taken(town) == []


def test_edge_that_the_strategy_wants_is_a_chance_wherever_it_is(town):
    town.evaluate = replace(town.evaluate, chances=replace(town.evaluate.chances, least_bps=Decimal(500)))
    look(town, 60)
    (chance,) = taken(town)
    assert chance.reason == OPENED


def test_coin_that_nobody_looked_at_for_long_has_another_chance(town):
    town.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "test", town.clock.now_ns())
    look(town, 60)
    town.pass_time(2 * UNSEEN_NS_MAX // 1_000_000)
    look(town, 60)
    assert len(taken(town)) == 2


def test_other_direction_is_another_chance(town):
    town.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "test", town.clock.now_ns())
    look(town, 60)
    look(town, -60)
    look(town, 0)
    assert {chance.direction.sell_on for chance in taken(town)} == {Venue.UPBIT, Venue.BINANCE}


def test_long_chance_is_passed_on_once_a_second(town):
    town.sessions.set_mode(SESSION, Mode.REDUCE_ONLY, "test", town.clock.now_ns())
    passed = []
    town.chances.keep = passed.extend  # type: ignore[method-assign]
    look(town, 60, times=50)  # five seconds
    assert 5 <= len(passed) <= 6


def test_what_it_is_worth_pays_both_ways_fees(town):
    town.premium(60)
    market = town.evaluate.markets.read([BTC], town.clock.now_ns())[BTC]
    best = max(edges_at(market, Decimal(1_000)), key=lambda each: each.net_bps)
    found = opportunity(market, best, LIMITS.entry_edge_bps_min, town.clock.now_ns())
    assert found.worth_krw == best.net_krw - best.cost_krw * Decimal("0.0015")


def test_size_is_as_much_as_the_books_have_above_the_least_edge(town):
    town.premium(60)
    market = town.evaluate.markets.read([BTC], town.clock.now_ns())[BTC]
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
