"""How old a claim is at least, whoever sets the clock: too little at worst, and never nothing for long."""

from dataclasses import replace

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.venues.age import KEPT_MAX, ClaimAge
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from tests.contracts import world

HOUR_MS = 3_600_000


def claimed(clock: ManualClock, name: str = "a1-x-b1"):
    order = world.opening("s").on(Venue.BINANCE)
    return replace(order, client_order_id=name, claimed_at_ns=clock.now_ns())


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_it_is_what_the_clock_says_while_nobody_sets_that(clock):
    age, order = ClaimAge(clock), claimed(clock)
    clock.advance_ms(700)
    assert age.ms(order) == 700
    assert age.is_certain(order)


@pytest.mark.parametrize("step_ms", [2_000, 60_000, HOUR_MS])
def test_set_ahead_it_makes_no_claim_of_a_moment_ago_old(clock, step_ms):
    age, order = ClaimAge(clock), claimed(clock)
    clock.advance_ms(300)
    clock.set_back_ms(-step_ms)
    assert age.ms(order) == 0
    assert not age.is_certain(order)
    clock.advance_ms(1_500)
    assert age.ms(order) == 1_500
    clock.advance_ms(step_ms)
    later = claimed(clock)
    clock.advance_ms(400)
    assert (age.ms(later), age.is_certain(later)) == (400, True)


@pytest.mark.parametrize("step_ms", [2_000, 60_000, HOUR_MS])
def test_set_back_it_does_not_keep_a_claim_young(clock, step_ms):
    age, order = ClaimAge(clock), claimed(clock)
    clock.set_back_ms(step_ms)
    assert age.ms(order) <= 0
    clock.advance_ms(20_000)
    assert age.ms(order) == pytest.approx(20_000, abs=2_001)
    assert not age.is_certain(order)


def test_a_process_that_starts_after_it_was_set_back_counts_from_its_first_look(clock):
    order = claimed(clock)
    clock.set_back_ms(HOUR_MS)
    age = ClaimAge(clock)
    assert age.ms(order) == 0
    clock.advance_ms(16_000)
    assert age.ms(order) == 16_000
    clock.advance_ms(HOUR_MS)
    assert age.ms(order) > 0


def test_what_is_remembered_is_bounded(clock):
    age = ClaimAge(clock)
    orders = [claimed(clock, f"a1-{number}-b1") for number in range(KEPT_MAX + 5)]
    clock.set_back_ms(HOUR_MS)
    for order in orders:
        age.ms(order)
    assert len(age._seen_ns) == KEPT_MAX


def test_a_clock_that_is_corrected_a_little_sets_nothing(clock):
    age, order = ClaimAge(clock), claimed(clock)
    clock.advance_ms(900)
    clock.set_back_ms(300)
    assert age.ms(order) == 600
    assert age._clock.now_ns() - order.claimed_at_ns == 600 * NS_PER_MS
