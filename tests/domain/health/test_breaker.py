"""The breaker as a table, and the watermark's two levels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.health.breaker import (
    TRANSITIONS,
    Breaker,
    BreakerEvent,
    BreakerRules,
    BreakerState,
    Watermark,
    observe,
    probe,
)
from arb.domain.time import NS_PER_S

RULES = BreakerRules(failures_max=10, cooldown_ms=1_000, jitter=0.1)
ENDS = (BreakerEvent.SUCCEED, BreakerEvent.FAIL, BreakerEvent.TRIP)


def probed(breaker, now_ns):
    return probe(breaker, now_ns, 0.5, RULES)


def after(*events, breaker=None, now_ns=0):
    breaker = breaker or Breaker()
    for event in events:
        breaker = observe(breaker, event, now_ns, 0.5, RULES)
    return breaker


def test_every_state_has_a_row():
    assert set(TRANSITIONS) == set(BreakerState)


@pytest.mark.parametrize("state", BreakerState)
def test_every_end_of_a_publish_is_known_in_every_state(state):
    assert set(ENDS) <= set(TRANSITIONS[state])


def test_only_a_closed_breaker_is_not_probed():
    assert [state for state in BreakerState if BreakerEvent.PROBE not in TRANSITIONS[state]] == [
        BreakerState.CLOSED
    ]


def test_every_state_can_be_reached():
    assert {to for row in TRANSITIONS.values() for to in row.values()} == set(BreakerState)


def test_one_refused_connection_opens():
    assert after(BreakerEvent.TRIP).state is BreakerState.OPEN


@pytest.mark.parametrize(("failures", "state"), [(9, BreakerState.CLOSED), (10, BreakerState.OPEN)])
def test_ten_failures_in_a_row_open(failures, state):
    assert after(*[BreakerEvent.FAIL] * failures).state is state


def test_a_success_forgets_the_failures():
    assert (
        after(*[BreakerEvent.FAIL] * 9, BreakerEvent.SUCCEED, *[BreakerEvent.FAIL] * 9).state
        is BreakerState.CLOSED
    )


@given(st.floats(min_value=0, max_value=1, exclude_max=True))
def test_the_cooldown_is_spread_by_a_tenth(draw):
    opened = observe(Breaker(), BreakerEvent.TRIP, 0, draw, RULES)
    assert 900_000_000 <= opened.until_ns <= 1_100_000_000


def test_an_open_breaker_is_probed_after_its_cooldown_and_not_before():
    opened = after(BreakerEvent.TRIP)
    assert probed(opened, NS_PER_S - 1).state is BreakerState.OPEN
    assert probed(opened, NS_PER_S).state is BreakerState.HALF_OPEN


def test_the_probe_of_what_is_not_open_changes_nothing():
    assert probed(Breaker(), NS_PER_S) == Breaker()


def test_a_canary_that_nobody_hears_of_again_is_replaced_after_another_cooldown():
    half_open = probed(after(BreakerEvent.TRIP), NS_PER_S)
    assert probed(half_open, 2 * NS_PER_S - 1) is half_open
    assert probed(half_open, 2 * NS_PER_S) is not half_open


def test_a_canary_that_arrives_closes():
    assert after(BreakerEvent.SUCCEED, breaker=probed(after(BreakerEvent.TRIP), NS_PER_S)) == Breaker()


@pytest.mark.parametrize("event", [BreakerEvent.FAIL, BreakerEvent.TRIP])
def test_a_canary_that_does_not_arrive_opens_for_another_cooldown(event):
    again = after(event, breaker=probed(after(BreakerEvent.TRIP), NS_PER_S), now_ns=NS_PER_S)
    assert (again.state, again.until_ns) == (BreakerState.OPEN, 2 * NS_PER_S)


@pytest.mark.parametrize("event", ENDS)
def test_what_was_under_way_when_it_opened_changes_nothing(event):
    opened = after(BreakerEvent.TRIP)
    assert after(event, breaker=opened, now_ns=NS_PER_S // 2) == opened


@given(st.lists(st.sampled_from([*ENDS, BreakerEvent.PROBE]), max_size=60))
def test_it_is_never_closed_by_anything_but_a_success(events):
    breaker, now_ns = Breaker(), 0
    for event in events:
        now_ns += NS_PER_S
        before = breaker
        known = event in TRANSITIONS[breaker.state]
        breaker = (
            probed(breaker, now_ns)
            if event is BreakerEvent.PROBE or not known
            else observe(breaker, event, now_ns, 0, RULES)
        )
        if before.state is not BreakerState.CLOSED and breaker.state is BreakerState.CLOSED:
            assert event is BreakerEvent.SUCCEED


@pytest.mark.parametrize(
    ("was_above", "level", "is_above"),
    [(False, 99, False), (False, 100, True), (True, 99, True), (True, 51, True), (True, 50, False)],
)
def test_a_watermark_holds_until_the_level_is_low(was_above, level, is_above):
    assert Watermark(high=100, low=50).above(was_above, level) is is_above


@pytest.mark.parametrize(("high", "low"), [(10, 10), (10, 11), (10, -1)])
def test_a_watermark_without_a_gap_is_refused(high, low):
    with pytest.raises(ValueError, match="low < high"):
        Watermark(high=high, low=low)
