"""The page of a running stack, without a browser: what it tells, and what stops."""

import json
import signal
import time
from pathlib import Path

import pytest
import urllib3

from arb.domain.market.ids import Venue
from arb.domain.trading.order import OrderState
from arb.stack.control import Supervisor
from arb.stack.home import Home
from arb.stack.wait import wait_until
from tests.integration.page import LIMIT_S, page_stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(LIMIT_S * 2), pytest.mark.chaos]
SECTIONS = {
    "market",
    "session",
    "trades",
    "events",
    "queues",
    "fallback",
    "risk",
    "result",
    "profit",
    "latency",
    "processes",
    "alerts",
    "kill",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with page_stack(tmp_path_factory.mktemp("page")) as running:
        yield running


def known(seen, name):
    """Return a section's data, empty while it did not come or is away."""
    return (seen.get(name) or {}).get("data") or {}


def _runs(supervisor, name):
    return None if supervisor.status(name).is_stopped else "it runs"


@pytest.fixture
def sections(stack):
    """Reads the stream until a condition on the newest sections holds."""

    def read(holds, limit_s=40.0):
        found, buffer, deadline = {}, b"", time.monotonic() + limit_s
        reader = stack.visitor().stream().stream()
        for chunk in reader:
            buffer += chunk
            while b"\n\n" in buffer:
                block, _, buffer = buffer.partition(b"\n\n")
                lines = dict(line.split(": ", 1) for line in block.decode().splitlines() if line[0] != ":")
                if lines:
                    found[lines["event"]] = json.loads(lines["data"])
            if holds(found):
                return found
            assert time.monotonic() < deadline, {name: each["away"] for name, each in found.items()}
        raise AssertionError("the stream ended")

    return read


def test_every_section_is_there_and_none_is_away(sections):
    found = sections(lambda seen: set(seen) > SECTIONS)
    assert {name: each["away"] for name, each in found.items() if each["away"]} == {}
    assert {each["coin"] for each in found["market"]["data"]["quotes"]} == {"BTC", "ETH", "XRP", "SOL", "ADA"}
    assert {"web", "feed", "postgres"} <= {each["name"] for each in found["processes"]["data"]}


def test_a_trade_shows_up(sections):
    sections(lambda seen: known(seen, "result").get("trades_closed", 0) > 0)
    sections(lambda seen: known(seen, "events"))


def test_top_in_a_pipe_is_a_line_and_ends_on_ctrl_c(stack):
    once = stack.arb("top", "--once")
    assert once.returncode == 0
    assert " | normal | " in once.stdout and len(once.stdout.splitlines()) == 1
    top = stack.begin("top")
    assert top.stdout.readline()
    top.send_signal(signal.SIGINT)
    _, complaints = top.communicate(timeout=20)
    assert (top.returncode, complaints) == (0, "")


def test_the_report_has_the_new_figures_and_can_be_a_page(stack, tmp_path):
    report = json.loads(stack.arb("report", "--json").stdout)
    assert report["by_day"] and report["slippage_bps"] and report["uptime"]["normal_seconds"] > 0
    assert set(report["latency_ms"]["decided_to_filled"]) == {"p50", "p90", "p99"}
    assert stack.arb("report", "--html", str(tmp_path / "report.html")).returncode == 0
    assert "Slippage" in (tmp_path / "report.html").read_text()


def test_prometheus_gets_every_source(stack):
    found = json.loads(stack.arb("web", "--json").stdout)
    token = Path(found["metrics_token_file"]).read_text().strip()
    answer = urllib3.request("GET", found["metrics_url"], headers={"Authorization": f"Bearer {token}"})
    lines = answer.data.decode().splitlines()
    up = [line for line in lines if line.startswith("arb_source_up{")]
    assert len(up) == 12
    assert all(line.endswith(" 1.0") for line in up), up
    ends = [line.partition(" ")[0] for line in lines if line.startswith("arb_trades_total{")]
    # those that never happened as well: from nothing to 1 is no increase, and the first must be told of
    assert ends == [f'arb_trades_total{{state="{state}"}}' for state in ("aborted", "closed", "handed_over")]
    orders = [line for line in lines if line.startswith(("arb_orders_total{", "arb_orders_working{"))]
    assert len(orders) == len(Venue) * len(OrderState)
    assert any(line.startswith("arb_unhedged_age_seconds ") for line in lines)


def test_without_the_database_the_market_goes_on_and_comes_back(stack, sections):
    supervisor = Supervisor(Home(stack.home))
    supervisor.stop("postgres")
    try:
        found = sections(lambda seen: seen.get("session", {}).get("away"))
        assert found["market"]["away"] is None
        sections(lambda seen: known(seen, "market") and seen["market"]["at_ms"] > found["market"]["at_ms"])
    finally:
        wait_until(lambda: _runs(supervisor, "postgres"), limit_s=LIMIT_S, what="the stop of PostgreSQL")
        supervisor.start("postgres")
    sections(lambda seen: known(seen, "session") and known(seen, "result"))


def test_the_kill_switch_kills_what_arb_kill_kills(stack, sections):
    visitor = stack.visitor()
    answer = visitor.post("/api/kill", body={"reason": "a test"}, X_CSRF_Token=visitor.token())
    assert (answer.status, answer.json()) == (200, {"reason": "a test"})
    found = sections(lambda seen: known(seen, "kill").get("report"))
    assert found["kill"]["data"]["engaged"] == "a test"
    assert found["kill"]["data"]["report"]["no_new_intents_ms"] is not None
    assert stack.status()["session"]["mode"] == "halted"
