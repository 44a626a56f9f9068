"""The line that says how a session does: its names are documented, and what is away costs its own figure."""

import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from arb.app.facts import metrics
from arb.app.facts.metrics import Metrics, MetricsReader
from arb.domain.errors import StoreUnavailable
from arb.engine.health.probes.machine import ProcessUsage
from config import addresses
from config.settings import RunMode
from tests.cli.views.facts import NOW_NS, Stack

DOCS = (Path(__file__).parents[3] / "docs" / "monitoring.md").read_text()
NAMES = [
    "pnl_krw", "realised_krw", "trades", "open_positions", "exposure_krw", "signals", "executed_pct",
    "rejections", "refusals", "stop_losses", "loop_latency_ms", "cpu_pct", "rss_mb", "mode", "environment",
    "live",
]  # fmt: skip
PROCESSES = [
    ProcessUsage("supervisord", None, Decimal(20)),
    ProcessUsage("feed", Decimal("3.1"), Decimal("88.4")),
]
LATE_NS = 61_000_000_000


class Machine:
    def __init__(self, usages):
        self.usages = usages

    def processes(self, now_ns):
        return self.usages


@pytest.fixture
def line(monkeypatch):
    def read(*away, usages=PROCESSES, counts=None, canary_ns=NOW_NS, mode=RunMode.MOCK):
        stack = Stack(*away)
        report, active = stack.report, stack.active
        monkeypatch.setattr(metrics, "report_of", lambda engine: SimpleNamespace(run=lambda _: report()))
        monkeypatch.setattr(metrics, "at_risk", lambda engine: active())

        def canaries():
            if "canaries" in away:
                raise StoreUnavailable("away")
            return {"orders": {"latency_us": "2000", "at_ns": str(NOW_NS)},
                    "evaluate": {"latency_us": "7300", "at_ns": str(canary_ns)}}  # fmt: skip

        def counters():
            return stack._get("counters", counts or {})

        engine = SimpleNamespace(
            clock=SimpleNamespace(now_ns=lambda: NOW_NS), counters=SimpleNamespace(read=counters),
            sessions=SimpleNamespace(get=lambda _: stack.session()), session_id="s",
            settings=SimpleNamespace(mode=mode),
            stores=SimpleNamespace(canaries=SimpleNamespace(read=canaries)),
        )  # fmt: skip
        return MetricsReader(Machine(usages)).read(engine).facts()

    return read


def test_a_line_has_these_names_in_this_order_and_the_docs_explain_each() -> None:
    assert list(Metrics().facts()) == NAMES
    assert re.findall(r"^\| `(\w+)` \|", DOCS.partition("## The metrics line")[2], re.MULTILINE) == NAMES
    assert Metrics().line() == " ".join(f"{name}=-" for name in NAMES)


def test_a_line_says_how_the_session_does(line) -> None:
    counts = {
        "signals": {"executed": 3, "found": 12}, "refused": {"stale_quote": 4, "entry_cooldown": 1},
        "exits": {"stop_loss": 2, "converged": 5},
    }  # fmt: skip
    found = line(counts=counts)
    assert "-" not in found.values()
    told = "signals executed_pct refusals stop_losses loop_latency_ms cpu_pct rss_mb mode environment live"
    values = ["12", "25.0", "5", "2", "7.3", "3.1", "108.4", "normal", "mock", "no"]
    assert dict(zip(told.split(), values, strict=True)).items() <= found.items()


def test_before_the_first_signal_there_is_no_share_and_counts_are_0(line) -> None:
    found = line()
    assert (found["signals"], found["executed_pct"], found["stop_losses"]) == ("0", "-", "0")


@pytest.mark.parametrize(
    ("away", "lost"),
    [
        ("report", {"pnl_krw", "realised_krw", "trades", "rejections"}),
        ("active", {"open_positions", "exposure_krw"}),
        ("counters", {"signals", "executed_pct", "refusals", "stop_losses"}),
        ("canaries", {"loop_latency_ms"}),
        ("session", {"mode"}),
    ],
)
def test_what_is_away_costs_its_own_figures(line, away, lost) -> None:
    counts = {"signals": {"executed": 1, "found": 1}}
    assert {name for name, value in line(away, counts=counts).items() if value == "-"} == lost


def test_where_nothing_supervises_the_load_of_one_process_is_not_the_stacks(line) -> None:
    found = line(usages=[ProcessUsage("process-7", Decimal(1), Decimal(70))])
    assert (found["cpu_pct"], found["rss_mb"]) == ("-", "-")


def test_a_canary_of_long_ago_is_no_latency_of_now(line) -> None:
    assert line(canary_ns=NOW_NS - LATE_NS)["loop_latency_ms"] == "2.0"


def test_real_money_is_live(line) -> None:
    assert line(mode=RunMode.LIVE)["live"] == "yes"
    assert line(mode=RunMode.PAPER)["live"] == "no"


def test_beat_has_it_written_into_the_log_of_trading_every_half_minute(monkeypatch) -> None:
    monkeypatch.setenv("ARB_REDIS_URL", "redis://127.0.0.1:1/0")
    from beat import tasks
    from config.schedule import SCHEDULE

    entry = SCHEDULE["metrics"]
    assert (entry["task"], entry["schedule"]) == (tasks.metrics.name, 30)
    addresses.settings.cache_clear()
    monkeypatch.setattr(tasks, "engine", lambda: None)
    monkeypatch.setattr(tasks, "_metrics", lambda: SimpleNamespace(read=lambda _: Metrics(trades=7)))
    with capture_logs() as lines:
        tasks.metrics()
    assert [(each["event"], each["trades"]) for each in lines] == [("metrics", "7")]
