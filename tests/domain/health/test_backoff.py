"""Waits between attempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.health.backoff import ORDER_BACKOFF, RESOLVE_BACKOFF, Backoff
from arb.domain.time import NS_PER_MS, NS_PER_S

EVEN = 0.5
draws = st.floats(0, 1, exclude_max=True)


def test_waits_double_until_the_longest():
    backoff = Backoff(first_ms=100, max_ms=1_000)
    assert [backoff.delay_ms(attempt, EVEN) for attempt in range(6)] == [100, 200, 400, 800, 1_000, 1_000]


def test_the_draw_spreads_a_wait_by_the_jitter_either_way():
    backoff = Backoff(first_ms=1_000, max_ms=1_000, jitter=0.25)
    assert [backoff.delay_ms(0, draw) for draw in (0.0, EVEN, 1.0)] == [750, 1_000, 1_250]


def test_a_wait_is_never_nothing():
    assert Backoff(first_ms=0, max_ms=0).delay_ms(0, EVEN) == 1


@given(attempt=st.integers(0, 10**6), draw=draws)
def test_no_number_of_attempts_waits_beyond_the_longest_and_its_jitter(attempt, draw):
    assert 90 <= Backoff(first_ms=100, max_ms=5_000).delay_ms(attempt, draw) <= 5_500


@given(attempt=st.integers(0, 100), draw=draws)
def test_a_later_attempt_waits_no_less_at_the_same_draw(attempt, draw):
    backoff = Backoff(first_ms=50, max_ms=60_000)
    assert backoff.delay_ms(attempt, draw) <= backoff.delay_ms(attempt + 1, draw)


def test_an_even_wait_is_not_spread():
    assert Backoff(first_ms=100, max_ms=1_000, jitter=0.9).even_ns(1) == 200 * NS_PER_MS


@pytest.mark.parametrize(("backoff", "within_s"), [(ORDER_BACKOFF, 8), (RESOLVE_BACKOFF, 7)])
def test_all_attempts_at_one_order_take_seconds_and_no_more(backoff, within_s):
    waits_ns = sum(backoff.even_ns(attempt) for attempt in range(backoff.attempts_max))
    assert NS_PER_S < waits_ns < within_s * NS_PER_S
