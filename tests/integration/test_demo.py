"""The whole stack, judged by what the simulated exchanges recorded and not by our own tables."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from arb.domain.market.ids import parse_client_order_id
from tests.cli.documents import documents

pytestmark = pytest.mark.stack
ARB = str(Path(sys.executable).with_name("arb"))
SECONDS = 20
LIMIT_S = 300  # a busy machine is no finding
BEGUN_CPU_S = 0.3


def start_demo(home: Path, seconds: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [ARB, "demo", "--duration", str(seconds), "--seed", "42"],
        env={**os.environ, "ARB_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def journal(home: Path, venue: str) -> list[dict[str, Any]]:
    lines = (home / "demo" / "sim" / f"{venue}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def processes_of(home: Path) -> list[str]:
    found = []
    for process in psutil.process_iter(["environ", "cmdline"]):
        if str(home) in (process.info["environ"] or {}).get("ARB_HOME", ""):
            found.append(" ".join(process.info["cmdline"] or ()))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def output(home: Path) -> str:
    """What a finished demonstration printed."""
    demo = start_demo(home, SECONDS)
    text, _ = demo.communicate(timeout=LIMIT_S)
    assert demo.returncode == 0, text
    return text


@pytest.fixture(scope="module")
def report(home: Path, output: str) -> dict[str, Any]:
    run = subprocess.run(
        [ARB, "report", "--json"],
        env={**os.environ, "ARB_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    (found,) = documents(run.stdout)
    return found


@pytest.mark.timeout(LIMIT_S)
def test_every_invariant_held(report):
    assert len(report["invariants"]) == 10
    assert all(report["invariants"].values())
    assert report["trades_opened"] >= 5
    assert report["trades_closed"] >= 1


@pytest.mark.parametrize("venue", ["binance", "upbit"])
def test_venue_saw_each_of_our_ids_once(home, report, venue):
    accepted = [row["client_id"] for row in journal(home, venue) if row["kind"] == "order_accepted"]
    assert accepted
    assert all(parse_client_order_id(client_id) for client_id in accepted)
    assert max(Counter(accepted).values()) == 1


def test_report_counts_what_the_venues_counted(home, report):
    rows = [row for venue in ("binance", "upbit") for row in journal(home, venue)]
    kinds = Counter(row["kind"] for row in rows)
    assert report["fills"] == kinds["order_filled"]
    assert report["orders"] >= kinds["order_accepted"]


def test_venues_hold_the_coins_that_the_open_pairs_say(home, report):
    """Across both venues base only changes by fees and dust: every pair was hedged."""
    for coin, rows in by_coin(home).items():
        moved = sum(
            Decimal(row["quantity"]) * (1 if row["side"] in ("BUY", "bid", "BID") else -1) for row in rows
        )
        traded = sum(Decimal(row["quantity"]) for row in rows)
        assert abs(moved) <= traded / 100, coin


def by_coin(home: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for venue in ("binance", "upbit"):
        for row in journal(home, venue):
            if row["kind"] == "order_filled":
                found.setdefault(row["coin"], []).append(row)
    return found


def test_nothing_keeps_running(home, report):
    assert processes_of(home) == []


@pytest.mark.timeout(LIMIT_S)
def test_interrupt_winds_down_hedged_and_leaves_nothing(tmp_path):
    demo = start_demo(tmp_path, 600)
    assert demo.stdout is not None
    seen = []
    for line in demo.stdout:
        seen.append(line)
        if " | normal | " in line and " 0 opened" not in line:
            break
    demo.send_signal(signal.SIGINT)
    rest, _ = demo.communicate(timeout=LIMIT_S / 2)
    assert demo.returncode == 0, "".join(seen) + rest
    assert "invariants: ok" in rest
    assert processes_of(tmp_path) == []


def interrupted(demo: subprocess.Popen[str]) -> str:
    """Press Ctrl-C, again if nothing comes of it: Python may lose one that meets one of its imports."""
    for _ in range(3):
        demo.send_signal(signal.SIGINT)
        try:
            return demo.communicate(timeout=25)[0]
        except subprocess.TimeoutExpired:
            continue
    demo.kill()
    return demo.communicate()[0]


def wait_begun(demo: subprocess.Popen[str]) -> None:
    """Wait, in its own time, until it is past the start of Python, which has no answer to Ctrl-C."""
    process = psutil.Process(demo.pid)
    while demo.poll() is None and sum(process.cpu_times()[:2]) < BEGUN_CPU_S:
        time.sleep(0.01)


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("after_s", [0.3, 1.5, 3.0])
def test_interrupt_while_starting_leaves_nothing(tmp_path, after_s):
    demo = start_demo(tmp_path, 600)
    wait_begun(demo)
    time.sleep(after_s - BEGUN_CPU_S)
    text = interrupted(demo)
    assert demo.returncode != 0 or "invariants: ok" in text, text
    assert "Traceback" not in text
    assert processes_of(tmp_path) == []
