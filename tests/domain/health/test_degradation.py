"""Down at a mark, up again one at a time when it has been calm for a while."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.health.degradation import (
    Degradation,
    DegradationRules,
    Degree,
    Gauge,
    chunk_items,
    is_far,
    step,
)
from arb.domain.health.judge import Reading, Worse
from arb.domain.time import NS_PER_S

RULES = DegradationRules(
    gauges={
        "load_pct": Gauge(name="load_pct", marks=(Decimal(100), Decimal(200), Decimal(400))),
        "disk_free_mb": Gauge(
            name="disk_free_mb", marks=(Decimal(1000), Decimal(500), Decimal(100)), worse=Worse.BELOW
        ),
    },
    margin=Decimal("0.2"),
    calm_ns=30 * NS_PER_S,
)


def load(value):
    return [Reading("load_pct", "machine", Decimal(value))]


def after(*values, every_ns=10 * NS_PER_S, start=None):
    """Return each degree after one reading in ten seconds."""
    found, degrees = start or Degradation(), []
    for number, value in enumerate(values, start=1):
        found = step(found, RULES, load(value), number * every_ns)
        degrees.append(found.degree)
    return degrees


@pytest.mark.parametrize(("value", "degree"), [(100, 0), (101, 1), (200, 1), (201, 2), (401, 3)])
def test_a_mark_is_crossed_at_once_however_many_lie_below_it(value, degree):
    assert after(value) == [degree]


def test_less_free_is_worse():
    readings = [Reading("disk_free_mb", "/", Decimal(499))]
    found = step(Degradation(), RULES, readings, NS_PER_S)
    assert (found.degree, found.why, found.since_ns) == (Degree.NEAR, "disk_free_mb of / is 499", NS_PER_S)


def test_the_worst_of_all_counts():
    readings = [*load(150), Reading("disk_free_mb", "/", Decimal(50))]
    assert step(Degradation(), RULES, readings, 1).degree is Degree.SHALLOW


def test_a_degree_is_left_one_at_a_time_after_calm():
    assert after(401, 10, 10, 10, 10, 10, 10, 10, 10, 10) == [3, 3, 3, 3, 2, 2, 2, 2, 1, 1]


def test_what_hovers_around_a_mark_changes_nothing():
    assert set(after(*(101, 99) * 50)) == {1}


def test_better_by_less_than_the_margin_is_no_calm():
    assert set(after(101, *(81,) * 20)) == {1}
    assert after(101, *(80,) * 4)[-1] is Degree.FULL


def test_calm_begins_again_after_any_trouble():
    assert after(101, 10, 10, 90, 10, 10, 10, 10) == [1, 1, 1, 1, 1, 1, 1, 0]


def test_what_nobody_can_measure_asks_for_nothing():
    before = Degradation(degree=Degree.LEAN, since_ns=1)
    assert step(before, RULES, [Reading("other", "x", Decimal(9))], 2).degree is Degree.LEAN


@given(st.lists(st.integers(0, 1000), max_size=60))
def test_it_never_does_more_than_a_mark_allows_and_never_leaves_two_degrees_at_once(values):
    degrees = [Degree.FULL, *after(*values)]
    for value, before, now in zip(values, degrees, degrees[1:], strict=False):
        assert now >= RULES.gauges["load_pct"].degree(Decimal(value))
        assert now >= before - 1


def test_a_premium_below_the_threshold_is_far_either_way():
    assert is_far(Decimal("-14.9"), Decimal(15))
    assert not is_far(Decimal(-15), Decimal(15))


@pytest.mark.parametrize(
    ("budget", "degree", "item", "at_most", "expected"),
    [
        (1000, 0, 10, 500, 100),
        (1000, 1, 10, 500, 50),
        (1000, 3, 10, 500, 12),
        (1000, 0, 1, 500, 500),
        (5, 0, 10, 9, 1),
    ],
)
def test_chunks_fit_the_budget_and_get_smaller_with_each_degree(budget, degree, item, at_most, expected):
    assert chunk_items(budget, Degree(degree), item, at_most) == expected
