"""What `arb chaos ops` says of a fault: told in time, told too late, or the stack ended meanwhile."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from arb.adapters.local.clock import SystemClock
from arb.chaos.ops.alert_log_reader import AlertLogReader
from arb.chaos.ops.faults import FaultInjector, OpsFault
from arb.chaos.ops.run_ops import attempt
from arb.chaos.orders.simulator_control import SimulatorControl
from arb.cli.views.chaos import ops_text
from arb.domain.market.ids import Venue
from arb.stack.home import Home

GONE_URLS = dict.fromkeys(Venue, "http://127.0.0.1:9")


def injector(home: Home) -> FaultInjector:
    return FaultInjector(home=home, switchboard=SimulatorControl(base_urls=GONE_URLS), disk=None)


def alert(severity: str) -> str:
    return json.dumps({"severity": severity, "kind": "broke", "subject": "it", "message": "m"}) + "\n"


def document(results) -> dict:
    fault = asdict(results) | {"passed": results.passed}
    return {"verdict": results.passed, "trips": [fault], "critical": None, "venue_away": None}


def trip_of(path, told: bool = True) -> OpsFault:
    """Return a fault that tells, and whose mending tells too."""

    @contextmanager
    def broken() -> Iterator[str]:
        with path.open("a") as file:
            file.write(alert("critical") if told else "")
        yield "it"
        with path.open("a") as file:
            file.write(alert("info"))

    return OpsFault(name="made_up", broken=broken, told_by=("broke",))


def test_trip_that_was_told_and_mended_passes(tmp_path):
    path = tmp_path / "alerts.log"
    found = attempt(trip_of(path), AlertLogReader(path, SystemClock()), Home(tmp_path))
    assert (found.passed, found.alert, found.subject) == (True, "broke", "it")
    assert found.told_after_s is not None
    assert found.recovered_after_s is not None


def test_trips_of_a_stack_that_ended_say_why_it_did(tmp_path):
    home = Home(tmp_path)
    home.create()
    home.ending_file.write_text(json.dumps({"reason": "watchdog: drifts"}))
    for fault in injector(home).faults():
        if fault.name in ("stalled_worker", "stopped_beat", "clock_jump"):
            found = attempt(fault, AlertLogReader(tmp_path / "none", SystemClock()), home)
            assert (found.passed, found.stack_ended) == (False, "watchdog: drifts")
            assert "the stack ended: watchdog: drifts" in ops_text(document(found))


def test_trip_that_needs_a_disk_is_left_out_without_one(tmp_path):
    (full_disk,) = [fault for fault in injector(Home(tmp_path)).faults() if fault.name == "full_disk"]
    found = attempt(full_disk, AlertLogReader(tmp_path / "none", SystemClock()), Home(tmp_path))
    assert found.passed
    assert "mounting one needs root" in found.skipped
