"""Who may be killed: what got through its start, and nothing that is not there."""

import os

from arb.operate import chaos_orders
from arb.runtime.control import ProcessStatus


def status(**changes):
    facts = {
        "name": "feed",
        "state": "RUNNING",
        "pid": os.getpid(),
        "uptime_s": 3,
        "starts": 1,
        "exits": 0,
        "exit_status": 0,
    }
    return ProcessStatus(**(facts | changes))


def test_a_process_that_has_worked_is_at_work(monkeypatch):
    monkeypatch.setattr(chaos_orders, "START_CPU_S", 0.0)
    assert chaos_orders.at_work([status()]) == {"feed": os.getpid()}


def test_a_process_that_is_still_starting_is_not(monkeypatch):
    monkeypatch.setattr(chaos_orders, "START_CPU_S", 10**9)
    assert chaos_orders.at_work([status()]) == {}
    assert chaos_orders.at_work([status(uptime_s=chaos_orders.START_S_MAX)]) == {"feed": os.getpid()}


def test_what_does_not_run_is_not_at_work(monkeypatch):
    monkeypatch.setattr(chaos_orders, "START_CPU_S", 0.0)
    gone = 2**22 + 1  # above the largest pid there can be
    assert chaos_orders.at_work([status(state="BACKOFF"), status(pid=None), status(pid=gone)]) == {}
