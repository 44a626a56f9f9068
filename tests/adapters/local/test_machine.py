"""What a process takes, by psutil: since the last look, or since it began where there was none."""

import os
import subprocess
import sys
import time
from decimal import Decimal

import psutil
import pytest

from arb.adapters.local.machine import PsutilMachine
from arb.domain.time import NS_PER_S


@pytest.fixture
def spinner():
    """A process that uses all the CPU it can get."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as running:
        yield running.pid
        running.kill()


def usage(machine: PsutilMachine, now_ns: int):
    [found] = machine.processes(now_ns)
    return found


def test_the_load_is_that_since_the_last_look(spinner, tmp_path):
    machine = PsutilMachine(lambda: {"spinner": spinner}, [tmp_path])
    born_ns = int(psutil.Process(spinner).create_time() * NS_PER_S)
    assert usage(machine, born_ns + NS_PER_S).cpu_pct is None  # it has only just begun
    before_s = psutil.Process(spinner).cpu_times().user
    while psutil.Process(spinner).cpu_times().user < before_s + 0.3:
        time.sleep(0.05)
    found = usage(machine, born_ns + 2 * NS_PER_S)
    assert found.cpu_pct is not None
    assert found.cpu_pct >= Decimal(25)
    assert found.rss_mb > 1


def test_at_the_first_look_an_older_process_is_measured_since_it_began(tmp_path):
    machine = PsutilMachine(lambda: {"self": os.getpid()}, [tmp_path])
    born_ns = int(psutil.Process().create_time() * NS_PER_S)
    assert usage(machine, born_ns + 60 * NS_PER_S).cpu_pct is not None


def test_who_is_gone_is_left_out_and_so_is_a_disk_that_is_not_there(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    machine = PsutilMachine(lambda: {"ended": ended.pid}, [tmp_path, tmp_path / "nowhere"])
    assert machine.processes(NS_PER_S) == []
    assert list(machine.disk_free_mb()) == [str(tmp_path)]


def test_the_machine_says_what_memory_and_cpu_it_has_left(tmp_path):
    found = {reading.rule: reading.value for reading in PsutilMachine(dict, [tmp_path]).pressure()}
    assert found.keys() == {"available_memory_mb", "load_pct"}
    assert found["available_memory_mb"] > 0 <= found["load_pct"]
