"""The shell of a long-lived process, in a process."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from arb.adapters.local.clock import SystemClock
from workers import process

class Work:
    name = "work"
    def __init__(self): self.asked = 0
    def start(self): print("started", flush=True)
    def stop(self): print("stopped", flush=True)
    def healthy(self): self.asked += 1; return self.asked <= int(sys.argv[1])
    def facts(self): return {"asked": str(self.asked)}

class Beats:
    def beat(self, name, facts, now_ns): print("beat", name, facts["asked"], now_ns > 0, flush=True)
    def read(self): return {}

process.HEARTBEAT_S = 0.05
sys.exit(process.run(Work(), Beats(), SystemClock()))
"""


def run(healthy_for: int, number: int | None) -> tuple[int, list[str]]:
    """Return (exit status, facts printed) of a process that gets a signal after its third heartbeat."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(healthy_for)], stdout=subprocess.PIPE, text=True
    ) as running:
        lines = []
        for line in running.stdout:
            lines.append(line.strip())
            if number is not None and line.startswith("beat work 3"):
                running.send_signal(number)
        return running.wait(10), [line for line in lines if line.startswith(("started", "stopped", "beat"))]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_work_cleanly(number):
    status, lines = run(1_000, number)
    assert status == 0
    assert lines[:2] == ["started", "beat work 1 True"]
    assert lines[-1] == "stopped"


def test_broken_work_ends_the_process_with_an_error():
    assert run(2, None) == (1, ["started", "beat work 1 True", "beat work 2 True", "stopped"])
