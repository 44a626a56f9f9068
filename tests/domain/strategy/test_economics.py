"""What a round trip earns by the settings, before any is made."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.strategy.economics import Costs, economics, trips_a_day
from arb.domain.strategy.fixed import ExitRules, Fixed
from arb.domain.time import NS_PER_HOUR, NS_PER_S
from arb.domain.trading.reentry import Close, ReentryRules

COSTS = Costs(
    fees_bps=(Decimal(5), Decimal(10)), spread_bps=Decimal(4), rate_step_bps=Decimal(7), slip_bps=Decimal(8)
)
EXITS = ExitRules(
    converged_bps=Decimal(4),
    take_profit_bps=Decimal(25),
    stop_loss_bps=Decimal(150),
    holding_ns_max=NS_PER_HOUR,
    rate_loss_bps_max=Decimal(1_000),
    holding_loss_bps_max=Decimal(0),
)
REENTRY = ReentryRules(pause_ns=600 * NS_PER_S, pause_ns_max=4 * NS_PER_HOUR)
AT_ONCE = ReentryRules(pause_ns=0, pause_ns_max=0)  # but for a millisecond


def earned(entry_bps=25, exits=EXITS, costs=COSTS):
    return {trip.close: trip.earned_bps for trip in outlook(entry_bps, exits, costs).round_trips}


def outlook(entry_bps=25, exits=EXITS, costs=COSTS):
    return Fixed(edge_bps_min=Decimal(entry_bps), exits=exits).outlook(costs)


def whole(entry_bps=25, exits=EXITS, costs=COSTS, reentry=REENTRY, pairs_max=1):
    found = outlook(entry_bps, exits, costs)
    return economics(found, reentry, notional_krw=Decimal(1_400_000), pairs_max=pairs_max)


def test_a_pair_that_converges_pays_the_fees_of_its_exit_and_what_is_left_of_the_premium():
    assert earned()[Close.CONVERGED] == 25 - 15 - 4


def test_a_profit_is_earned_as_it_is_taken_and_a_loss_is_stopped_half_a_step_of_the_rate_late():
    assert earned()[Close.TAKE_PROFIT] == 25
    assert earned()[Close.STOP_LOSS] == Decimal("-153.5")


def test_the_clock_closes_nothing_for_a_loss_unless_the_rules_say_how_much():
    assert earned()[Close.HOLDING_TIME] == 0
    assert earned(exits=replace(EXITS, holding_loss_bps_max=Decimal(10)))[Close.HOLDING_TIME] == -10


def test_by_the_clock_a_pair_at_an_unmoved_premium_loses_both_fees_and_the_spreads():
    by_the_clock = replace(EXITS, holding_loss_bps_max=Decimal(1_000))
    narrow = replace(COSTS, spread_bps=Decimal(2))
    assert earned(exits=by_the_clock, costs=narrow)[Close.HOLDING_TIME] == -32


def test_every_order_at_its_limit_costs_four_times_the_slip():
    for trip in outlook(30).round_trips:
        assert trip.earned_bps - trip.worst_bps == 4 * 8


def test_the_break_even_premium_is_the_one_at_which_a_pair_that_converges_earns_nothing():
    premium_bps = whole(entry_bps=15).break_even_premium_bps
    edge_bps = premium_bps - COSTS.side_bps
    assert earned(edge_bps)[Close.CONVERGED] == 0
    assert whole(entry_bps=200).break_even_premium_bps == premium_bps


@pytest.mark.parametrize(
    ("entry_bps", "exits", "losing"),
    [
        (25, EXITS, []),
        (19, EXITS, []),
        ("18.9", EXITS, [Close.CONVERGED]),
        (25, replace(EXITS, take_profit_bps=Decimal("-0.1")), [Close.TAKE_PROFIT]),
        (15, replace(EXITS, converged_bps=Decimal(0)), []),
    ],
)
def test_what_ends_well_and_loses_is_named(entry_bps, exits, losing):
    assert [trip.close for trip in whole(entry_bps, exits).losing] == losing


def test_what_earns_loses_nothing_by_being_repeated():
    assert (whole().losing_trips_per_day, whole().loss_per_day_krw) == (0, 0)


def test_a_day_of_losing_round_trips_is_counted_with_every_place_and_the_pauses_between_them():
    by_the_clock = replace(EXITS, holding_loss_bps_max=Decimal(1_000))
    assert whole(exits=by_the_clock, reentry=AT_ONCE).losing_trips_per_day == 23
    paused = whole(exits=by_the_clock, pairs_max=15)
    assert paused.losing_trips_per_day == 15 * trips_a_day(NS_PER_HOUR, REENTRY)
    assert paused.loss_per_day_krw == paused.losing_trips_per_day * 1_400_000 * 34 / 10_000


def test_pauses_that_grow_leave_few_round_trips_of_a_day():
    assert trips_a_day(NS_PER_HOUR, REENTRY) == 8
    assert trips_a_day(NS_PER_HOUR, AT_ONCE) == 23
