"""How far a stamp may lie behind or ahead and still be believed."""

import pytest

from arb.domain.time import STAMP_AHEAD_NS_MAX, is_current
from tests.domain.markets import NOW_NS


@pytest.mark.parametrize(
    ("age_ns", "current"),
    [(0, True), (9, True), (10, False), (-STAMP_AHEAD_NS_MAX, True), (-STAMP_AHEAD_NS_MAX - 1, False)],
)
def test_what_is_current_is_neither_old_nor_ahead(age_ns, current):
    assert is_current(NOW_NS, NOW_NS + age_ns, 9) is current
