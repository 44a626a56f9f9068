"""`arb chaos ops` for real, in part: one rule results and told of, then CRITICAL with nothing left."""

import pytest

from tests.chaos.command import chaos

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.integration,
    pytest.mark.stack,
    pytest.mark.timeout(600),
]


def test_a_trip_is_told_in_time_and_critical_leaves_nothing_open():
    code, lines, said = chaos("ops", "--only", "clock_jump", "--only", "critical", timeout_s=580)
    assert lines, said
    (found,) = lines
    assert (code, found["verdict"]) == (0, True), found
    (fault,) = found["trips"]
    assert fault["alert"] == "watchdog_clock_offset_ms"
    assert fault["told_after_s"] < found["tell_s_max"] == 30
    ending = found["critical"]
    assert ending["reason"].startswith("watchdog: ")
    assert (ending["orders_out"], ending["uneven"], ending["left_running"]) == (0, 0, 0)


def test_with_a_venue_away_nothing_is_forgotten_and_its_return_ends_the_stack():
    code, lines, said = chaos("ops", "--only", "venue_away", timeout_s=580)
    assert lines, said
    (found,) = lines
    assert (code, found["verdict"]) == (0, True), found
    waited = found["venue_away"]
    assert waited["lost"] >= 2
    assert (waited["alarms"], waited["named"], waited["ended_early"]) == (3, True, False)
    assert waited["killed"]
    assert (waited["orders_out"], waited["uneven"], waited["left_running"]) == (0, 0, 0)
