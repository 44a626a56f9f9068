"""The simulated exchanges as processes on ports of their own, for as long as the clients are tried."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.free_port import free_port

ROOT = Path(__file__).parents[2]
COINS = ("BTC", "ETH", "XRP", "SOL")
KEY = "conformance-key"
SECRET = "conformance-secret-of-no-value-to-anyone-at-all-64-characters-ok"
START_S = 30
WARM_S = 3  # the first trades and candles


@dataclass(frozen=True, kw_only=True)
class SimulatedVenues:
    """Where the simulators listen."""

    binance_port: int
    upbit_port: int
    bithumb_port: int

    @property
    def binance(self) -> str:
        return f"http://127.0.0.1:{self.binance_port}"

    @property
    def upbit(self) -> str:
        return f"http://127.0.0.1:{self.upbit_port}"

    @property
    def bithumb(self) -> str:
        return f"http://127.0.0.1:{self.bithumb_port}"


@contextmanager
def simulated_venues(python: str) -> Iterator[SimulatedVenues]:
    """Run the simulators with the interpreter of the product's environment."""
    place = SimulatedVenues(binance_port=free_port(), upbit_port=free_port(), bithumb_port=free_port())
    with TemporaryDirectory() as folder:
        config = Path(folder) / "sim.json"
        config.write_text(json.dumps(_config()))
        processes = [
            subprocess.Popen(
                [python, "-m", "arb.sim", venue, "--config", config, "--port", str(port)], cwd=ROOT
            )
            for venue, port in (
                ("binance", place.binance_port),
                ("upbit", place.upbit_port),
                ("bithumb", place.bithumb_port),
            )
        ]
        try:
            for url in (place.binance, place.upbit, place.bithumb):
                _await(url + "/sim/health")
            time.sleep(WARM_S)
            yield place
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


def _config() -> dict[str, object]:
    credential = {"key": KEY, "secret": SECRET}
    coins = {"BTC": "10", "ETH": "100", "XRP": "100000", "SOL": "1000"}
    return {
        "seed": 7,
        "epoch_ns": time.time_ns() - 3_600_000_000_000,
        "step_ms": 200,
        "coins": list(COINS),
        "credentials": dict.fromkeys(("binance", "upbit", "bithumb"), credential),
        "balances": {
            "binance": {"USDT": "1000000", **coins},
            **{venue: {"KRW": "500000000", **coins} for venue in ("upbit", "bithumb")},
        },
    }


def _await(url: str) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(url, timeout=1) as reply:
            if reply.status == 200:
                return
        time.sleep(0.1)
    sys.exit(f"conformance: nobody answers at {url} within {START_S} s")
