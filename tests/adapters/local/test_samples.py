"""The lines of `sys_monitor.log` that say what each process takes."""

import os
from decimal import Decimal

import psutil
from structlog.testing import capture_logs

from arb.adapters.local.machine import PsutilMachine
from arb.adapters.local.samples import LoggedSamples
from arb.engine.health.probes.machine import ProcessUsage

NAMES = {"process", "cpu_pct", "rss_mb", "fds", "threads"}


def test_a_line_has_these_names_and_what_was_not_read_is_a_dash():
    with capture_logs() as lines:
        LoggedSamples().write(
            [
                ProcessUsage("feed", Decimal("3.1"), Decimal("88.4"), 31, 6),
                ProcessUsage("beat", None, Decimal(40)),
            ]
        )
    told = [{name: line[name] for name in line.keys() & NAMES} for line in lines]
    assert [line["event"] for line in lines] == ["process_sample"] * 2
    assert told == [
        {"process": "feed", "cpu_pct": Decimal("3.1"), "rss_mb": Decimal("88.4"), "fds": 31, "threads": 6},
        {"process": "beat", "cpu_pct": "-", "rss_mb": Decimal(40), "fds": "-", "threads": "-"},
    ]


def test_descriptors_that_may_not_be_read_cost_nothing_else(tmp_path, monkeypatch):
    def refuse(process):
        raise psutil.AccessDenied(process.pid)

    machine = PsutilMachine(lambda: {"own": os.getpid()}, [tmp_path])
    [found] = machine.processes(0)
    assert found.descriptors is not None and found.descriptors >= 3
    monkeypatch.setattr(psutil.Process, "num_fds", refuse)
    [found] = machine.processes(0)
    assert found.descriptors is None
    assert found.threads is not None and found.threads >= 1
