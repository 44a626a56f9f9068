"""A real simulator in a process of its own, once per module and market."""

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.sim.upbit.client import DEADLINE_S, KEY, SECRET, Client

FAR_FUTURE_NS = 4_000_000_000_000_000_000  # before its epoch, the market stands still at step 0
CONFIG = {
    "seed": 7,
    "epoch_ns": FAR_FUTURE_NS,
    "step_ms": 100,
    "coins": ["BTC", "XRP", "SOL"],
    "credentials": {"upbit": {"key": KEY, "secret": SECRET}},
    "balances": {"upbit": {"KRW": "1000000000", "BTC": "5", "XRP": "100000"}},
}


@contextmanager
def running(folder, journal=None, **changes):
    """Run a simulator and yield a client for it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = folder / f"sim-{port}.json"
    path.write_text(json.dumps(CONFIG | changes))
    command = [sys.executable, "-m", "arb.sim", "upbit", "--config", str(path), "--port", str(port)]
    if journal is not None:
        command += ["--journal", str(journal)]
    with subprocess.Popen(command) as process:
        try:
            client = Client(port)
            _await_health(client, process)
            client.switch()
            yield client
        finally:
            process.kill()


def _await_health(client, process):
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            if client.send("GET", "/sim/health").status == 200:
                return
        except ConnectionError:
            assert process.poll() is None, "the simulator ended"
            assert time.monotonic() < deadline, "the simulator does not answer"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """A simulator whose market stands still."""
    with running(tmp_path_factory.mktemp("frozen")) as client:
        yield client


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """A simulator whose market moves 50 times a second."""
    with running(tmp_path_factory.mktemp("moving"), epoch_ns=time.time_ns(), step_ms=20) as client:
        yield client


@pytest.fixture
def upbit(frozen):
    """The standing market, with faults and switches put back."""
    frozen.clear_faults()
    frozen.switch()
    return frozen
