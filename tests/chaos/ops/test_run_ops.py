"""`arb chaos ops` for real, in part: one rule results and told of, then CRITICAL with nothing left."""

import subprocess
import sys

import pytest

from arb.stack.home import CHECKOUT
from tests.cli.documents import documents

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.integration,
    pytest.mark.stack,
    pytest.mark.timeout(600),
]
ARB = (sys.executable, "-c", "from arb.cli.main import main; main()")


def test_a_trip_is_told_in_time_and_critical_leaves_nothing_open():
    ran = subprocess.run(
        (*ARB, "chaos", "ops", "--json", "--only", "clock_jump", "--only", "critical"),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=580,
    )
    assert ran.stdout, ran.stderr
    (found,) = documents(ran.stdout)
    assert (ran.returncode, found["verdict"]) == (0, True), found
    (fault,) = found["trips"]
    assert fault["alert"] == "watchdog_clock_offset_ms"
    assert fault["told_after_s"] < found["tell_s_max"] == 30
    ending = found["critical"]
    assert ending["reason"].startswith("watchdog: ")
    assert (ending["orders_out"], ending["uneven"], ending["left_running"]) == (0, 0, 0)


def test_with_a_venue_away_nothing_is_forgotten_and_its_return_ends_the_stack():
    ran = subprocess.run(
        (*ARB, "chaos", "ops", "--json", "--only", "venue_away"),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=580,
    )
    assert ran.stdout, ran.stderr
    (found,) = documents(ran.stdout)
    assert (ran.returncode, found["verdict"]) == (0, True), found
    waited = found["venue_away"]
    assert waited["lost"] >= 2
    assert (waited["alarms"], waited["named"], waited["ended_early"]) == (3, True, False)
    assert waited["killed"]
    assert (waited["orders_out"], waited["uneven"], waited["left_running"]) == (0, 0, 0)
