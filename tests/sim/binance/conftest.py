"""A real simulator in a process of its own, once per module."""

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.sim.binance.client import DEADLINE_S, KEY, SECRET, Client

FAR_FUTURE_NS = 4_000_000_000_000_000_000  # before its epoch, the market stands still at step 0
CONFIG = {
    "seed": 7,
    "epoch_ns": FAR_FUTURE_NS,
    "coins": ["BTC", "ETH"],
    "credentials": {"binance": {"key": KEY, "secret": SECRET}},
    "balances": {"binance": {"USDT": "1000000", "BTC": "10"}},
}


@contextmanager
def running(folder, journal=None, end=signal.SIGTERM, **changes):
    """Run a simulator, yield a client for it, and check that it ended without a word."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = folder / f"sim-{port}.json"
    path.write_text(json.dumps(CONFIG | changes))
    command = [sys.executable, "-m", "arb.sim", "binance", "--config", str(path), "--port", str(port)]
    if journal is not None:
        command += ["--journal", str(journal)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            client = Client(port)
            _await_health(client, process)
            yield client
        finally:
            process.send_signal(end)
            complaints = process.stderr.read()
    assert complaints == ""
    assert process.returncode == (0 if end is signal.SIGTERM else -end)


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
def moving(tmp_path_factory):
    """A simulator whose market moves 50 times a second."""
    with running(tmp_path_factory.mktemp("moving"), epoch_ns=time.time_ns(), step_ms=20) as client:
        yield client


@pytest.fixture
def binance(moving):
    """The moving market without faults."""
    moving.clear_faults()
    return moving
