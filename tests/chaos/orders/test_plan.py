"""The plan of a storm: a function of its seed, within its bounds, with every order fault in it."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.chaos.orders.plan import (
    BAN_SPELLS,
    DELAYS_MS,
    LATE_MS_MAX,
    LIVES_MS,
    RATES,
    SKEW_MS_MAX,
    SPELL_MS,
    faults_of,
    is_mortal,
    lives_ms,
    spell_at,
)
from arb.domain.market.ids import Venue
from arb.sim.core.fault_kinds import TABLE, FaultKind, FaultStage
from arb.venues.registry import FACTS

seeds, spells, venues = st.integers(0, 2**32), st.integers(0, 500), st.sampled_from(list(Venue))
MARKET_STREAMS = {FaultStage.PUBLIC, FaultStage.SOCKET, FaultStage.MARKET}  # not about orders
# A venue that is away, late or has other terms is no storm of orders but a market that breaks.
OF_THE_VENUE = {
    FaultKind.STREAM_LAG,
    FaultKind.MAINTENANCE,
    FaultKind.GONE,
    FaultKind.CLOSED_WALLET,
    FaultKind.CHANGED_RULES,
    FaultKind.REVOKED_KEY,
    FaultKind.BLOCKED_ACCOUNT,
}
# What an order paid is told up to a minute late: longer than a spell, and than a run waits for its rest.
OF_FEES = {FaultKind.LATE_TRADES, FaultKind.LATE_FEE}


@given(seeds, venues, spells)
def test_same_seed_same_faults(seed, venue, spell):
    assert faults_of(seed, venue, spell) == faults_of(seed, venue, spell)


def test_seed_venue_and_spell_each_change_the_faults():
    plans = [faults_of(*one) for one in ((1, Venue.UPBIT, 0), (2, Venue.UPBIT, 0), (1, Venue.UPBIT, 1))]
    plans.append(faults_of(1, Venue.BINANCE, 0))
    assert all(plans.count(plan) == 1 for plan in plans)


def test_every_order_fault_that_the_simulators_know_is_in_the_plan():
    wanted = {kind for kind, row in TABLE.items() if row.stage not in MARKET_STREAMS} - OF_THE_VENUE - OF_FEES
    planned = {
        FaultKind(fault["kind"])
        for spell in range(2 * BAN_SPELLS)
        for fault in faults_of(1, Venue.UPBIT, spell)
    }
    assert planned == wanted


@given(seeds, venues, spells)
def test_faults_stay_within_their_bounds(seed, venue, spell):
    for fault in faults_of(seed, venue, spell):
        kind, delay_ms = fault["kind"], fault.get("delay_ms", 0)
        if kind in RATES:
            assert RATES[kind][0] <= fault["probability"] <= RATES[kind][1]
        if kind in DELAYS_MS:
            assert DELAYS_MS[kind][0] <= delay_ms <= DELAYS_MS[kind][1]
        if kind == "late_execution":
            assert delay_ms <= LATE_MS_MAX
            assert delay_ms or FACTS[venue].has_receive_window, "without a fence never at once"
        if kind == "clock_skew_ms":
            assert abs(delay_ms) <= SKEW_MS_MAX
        if kind == "ban_418":
            assert fault["count"] == 1


@pytest.mark.parametrize(("elapsed_ms", "spell"), [(-5, 0), (0, 0), (SPELL_MS - 1, 0), (SPELL_MS, 1)])
def test_spell_of_a_moment(elapsed_ms, spell):
    assert spell_at(elapsed_ms) == spell


@given(seeds, st.sampled_from(sorted(LIVES_MS)))
def test_lives_are_seeded_and_bounded(seed, program):
    lives = list(islice(lives_ms(seed, program), 20))
    assert lives == list(islice(lives_ms(seed, program), 20))
    assert all(LIVES_MS[program][0] <= life <= LIVES_MS[program][1] for life in lives)


def test_copies_die_as_their_program_does_and_servers_never():
    assert is_mortal("worker-evaluate-2")
    assert not any(map(is_mortal, ("redis", "postgres", "sim-upbit", "sim-binance", "flower")))
    assert list(islice(lives_ms(1, "feed-1"), 5)) != list(islice(lives_ms(1, "feed-2"), 5))
