"""The kill switch on a whole stack, judged by what the simulated exchanges recorded."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from arb.adapters.venues.http import HttpTransport
from arb.stack.control import Supervisor
from arb.stack.home import Home, read_runtime
from arb.venues.request import HttpRequest
from tests.cli.documents import documents

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300), pytest.mark.chaos]
ARB = str(Path(sys.executable).with_name("arb"))
UP_S_MAX = 200
TRADING_S_MAX = 120
QUIET_S = 3.0
FLAT_MS_MAX = 30_000
WORKERS = ("worker-orders", "worker-evaluate", "worker-housekeeping", "worker-fallback")


@dataclass(frozen=True)
class Running:
    """A stack, its command line, and what its exchanges have."""

    home: Path

    def arb(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [ARB, *arguments],
            env={**os.environ, "ARB_HOME": str(self.home)},
            capture_output=True,
            text=True,
            timeout=UP_S_MAX,
        )
        assert done.returncode == code, f"arb {arguments}: {done.stdout}{done.stderr}"
        return done.stdout + ("" if "--json" in arguments else done.stderr)

    def kill(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        (document,) = documents(self.arb("kill", "--json", *arguments, code=code))
        return document

    def orders(self) -> list[dict[str, Any]]:
        """Return every order that either exchange ever took."""
        found = []
        for venue, url in read_runtime(Home(self.home)).simulators.items():
            transport = HttpTransport(url, connect_timeout_ms=2_000, read_timeout_ms=10_000)
            reply = transport.send(HttpRequest(method="GET", path="/sim/orders"))
            transport.close()
            found += [{**row, "venue": venue} for row in json.loads(reply.body)["orders"]]
        return found

    @property
    def supervisor(self) -> Supervisor:
        return Supervisor(Home(self.home))

    def pid(self, name: str) -> int:
        pid = self.supervisor.status(name).pid
        assert pid is not None
        return pid

    def wait_for(self, condition: Callable[[], bool], what: str, limit_s: float = TRADING_S_MAX) -> None:
        deadline_s = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline_s, what
            time.sleep(0.3)

    def wait_for_trading(self) -> None:
        before = len(self.orders())
        self.wait_for(lambda: len(self.orders()) >= before + 4, "nothing is traded")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("kill"))
    running.arb("up")
    yield running
    subprocess.run([ARB, "down"], env={**os.environ, "ARB_HOME": str(running.home)}, capture_output=True)


def assert_nothing_new(stack: Running, report: dict[str, Any]) -> None:
    """What the exchanges took, they took before the reported time; and nothing more comes."""
    at_the_end = {(row["venue"], row["order_id"]) for row in stack.orders()}
    time.sleep(QUIET_S)
    rows = stack.orders()
    assert {(row["venue"], row["order_id"]) for row in rows} == at_the_end
    over_ns = report["started_ns"] + report["no_open_orders_ms"] * 1_000_000
    assert [row["client_id"] for row in rows if row["created_ns"] > over_ns] == []
    assert [row["client_id"] for row in rows if row["status"] in ("NEW", "PARTIALLY_FILLED")] == []


def test_kill_stops_everything_in_the_reported_time_and_unkill_lets_it_go_on(stack: Running):
    stack.wait_for_trading()
    report = stack.kill("--reason", "drill")
    print("measured", report)
    assert report["reason"] == "drill"
    assert_nothing_new(stack, report)
    assert report["complete"]
    assert report["exposure_ms"] <= FLAT_MS_MAX
    assert stack.arb("mode").startswith("halted (killed: drill); killed (drill)")
    again = stack.kill("--reason", "again")
    assert (again["reason"], again["complete"]) == ("drill", True)
    assert_nothing_new(stack, report)
    stack.arb("mode", "normal", code=2)
    stack.arb("unkill")
    stack.wait_for_trading()


def test_kill_while_redis_dies(stack: Running):
    stack.wait_for_trading()
    os.kill(stack.pid("redis"), signal.SIGKILL)
    report = stack.kill("--reason", "redis died")
    print("measured", report)
    assert_nothing_new(stack, report)
    assert report["complete"]
    stack.wait_for(lambda: stack.supervisor.status("redis").is_running, "redis is not restarted")
    stack.arb("unkill")
    stack.wait_for_trading()


def test_kill_without_any_worker(stack: Running):
    stack.wait_for_trading()
    for name in WORKERS:
        pid = stack.pid(name)
        stack.supervisor.stop(name)  # first: one that died by itself is started again
        os.kill(pid, signal.SIGKILL)  # in the middle of whatever they do
    report = stack.kill("--reason", "no workers")
    print("measured", report)
    assert_nothing_new(stack, report)
    assert report["complete"]
    for name in WORKERS:
        stack.supervisor.start(name)
    stack.arb("unkill")
    stack.wait_for_trading()


def test_kill_while_postgresql_is_away_says_so_and_holds(stack: Running):
    stack.wait_for_trading()
    stack.supervisor.stop("postgres")
    stack.wait_for(lambda: stack.supervisor.status("postgres").is_stopped, "postgres does not stop")
    report = stack.kill("--reason", "no database", code=1)
    print("measured", report)
    assert "the database is away" in report["problems"][0]
    assert report["exposure_ms"] is None
    assert report["no_open_orders_ms"] is not None
    assert json.loads(Home(stack.home).kill_file.read_text())["reason"] == "no database"
    stack.supervisor.start("postgres")
    stack.wait_for(lambda: stack.supervisor.status("postgres").is_running, "postgres does not start")
    report = stack.kill()
    assert (report["reason"], report["complete"]) == ("no database", True)
    assert_nothing_new(stack, report)


def test_killed_stays_killed_across_down_and_up(stack: Running):
    stack.kill("--reason", "holds")
    stack.arb("down")
    assert "stays killed (no database)" in stack.arb("up")
    count = len(stack.orders())
    time.sleep(QUIET_S)
    assert len(stack.orders()) == count
    assert json.loads(stack.arb("reconcile", "--json"))["explained"]
    stack.arb("unkill")
    stack.wait_for_trading()
