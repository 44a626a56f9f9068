"""When a coin may be opened again in a direction in which it has just lost."""

import pytest

from arb.domain.time import NS_PER_MINUTE, NS_PER_S
from arb.domain.trading.reentry import Losses, ReentryRules

RULES = ReentryRules(pause_ns=10 * NS_PER_MINUTE, pause_ns_max=60 * NS_PER_MINUTE)
NOW_NS = 1_763_640_000_000_000_000


@pytest.mark.parametrize(("in_a_row", "minutes"), [(1, 10), (2, 20), (3, 40), (4, 60), (5, 60), (10_000, 60)])
def test_each_loss_in_a_row_doubles_the_pause_up_to_its_longest(in_a_row, minutes):
    assert RULES.pause_after_ns(in_a_row) == minutes * NS_PER_MINUTE
    losses = Losses(in_a_row=in_a_row, newest_ns=NOW_NS)
    assert not RULES.is_pausing(losses, NOW_NS + minutes * NS_PER_MINUTE)
    assert RULES.is_pausing(losses, NOW_NS + minutes * NS_PER_MINUTE - 1)


def test_what_has_not_lost_pauses_nothing():
    assert not RULES.is_pausing(Losses(in_a_row=0, newest_ns=NOW_NS), NOW_NS)


def test_a_loss_that_lies_ahead_of_a_clock_that_was_set_back_pauses_nothing():
    assert not RULES.is_pausing(Losses(in_a_row=1, newest_ns=NOW_NS + 5 * NS_PER_S), NOW_NS)
