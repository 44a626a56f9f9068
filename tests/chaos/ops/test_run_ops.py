"""`arb chaos ops` for real, in part: one rule tripped and told of, then CRITICAL with nothing left."""

import json
import subprocess
import sys

import pytest

from arb.stack.home import CHECKOUT

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
    found = json.loads(ran.stdout)
    assert (ran.returncode, found["verdict"]) == (0, True), found
    (trip,) = found["trips"]
    assert trip["alert"] == "watchdog_clock_offset_ms"
    assert trip["told_after_s"] < found["tell_s_max"] == 30
    ending = found["critical"]
    assert ending["reason"].startswith("watchdog: ")
    assert (ending["rested"], ending["left_working"], ending["left_running"]) == (True, 0, 0)
