"""How far a stamp may lie behind or ahead and still be believed."""

import pytest

from arb.domain.time import STAMP_AHEAD_NS_MAX, is_current, is_within
from tests.domain.markets import NOW_NS


@pytest.mark.parametrize(
    ("age_ns", "current"),
    [(0, True), (9, True), (10, False), (-STAMP_AHEAD_NS_MAX, True), (-STAMP_AHEAD_NS_MAX - 1, False)],
)
def test_what_is_current_is_neither_old_nor_ahead(age_ns, current):
    assert is_current(NOW_NS, NOW_NS + age_ns, 9) is current


@pytest.mark.parametrize(
    ("since_ago_ns", "lasts"),
    [(0, True), (9, True), (10, False), (-STAMP_AHEAD_NS_MAX, True), (-STAMP_AHEAD_NS_MAX - 1, False)],
)
def test_a_span_lasts_until_it_is_over_or_the_clock_was_set_back(since_ago_ns, lasts):
    assert is_within(NOW_NS, NOW_NS + since_ago_ns, 10) is lasts


def test_a_span_of_nothing_never_lasts():
    assert not is_within(NOW_NS, NOW_NS, 0)
