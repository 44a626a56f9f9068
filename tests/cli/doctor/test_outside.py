"""What is wrong outside this process, and what to do about it."""

from dataclasses import replace

from arb.adapters.local.clock import SystemClock
from arb.app.emergency import stop_memory
from arb.cli.doctor.outside import stack
from arb.domain.risk.stop import Stop
from arb.stack.home import Home

STOP = Stop(session_id="mock-1", reason="watchdog: x", began_ns=1, halted=True, waits_for=("order a1-x-u1",))


def found(home: Home) -> dict:
    return {each.check: each for each in stack(home)}


def test_a_stop_that_waits_is_told_also_when_its_machine_went(tmp_path):
    home = Home(tmp_path)
    memory = stop_memory(home, SystemClock())
    memory.update(lambda _: STOP)
    finding = found(home)["stop"]
    assert (finding.state, "order a1-x-u1" in finding.what) == ("bad", True)
    assert "`arb up`" in finding.mend


def test_a_stop_that_ended_or_never_was_is_no_finding(tmp_path):
    home = Home(tmp_path)
    assert "stop" not in found(home)
    stop_memory(home, SystemClock()).update(lambda _: replace(STOP, ending_ns=2))
    assert "stop" not in found(home)
