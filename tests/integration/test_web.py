"""The page of a running stack, without a browser: what it tells, and what stops."""

import json
import time

import pytest

from arb.runtime.control import Supervisor
from arb.runtime.home import Home
from tests.integration.page import LIMIT_S, page_stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(LIMIT_S * 2)]
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
    "processes",
    "alerts",
    "kill",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with page_stack(tmp_path_factory.mktemp("page")) as running:
        yield running


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
    found = sections(lambda seen: seen.get("result", {"data": None})["data"]["trades_closed"] > 0)
    assert found["events"]["data"]


def test_without_the_database_the_market_goes_on_and_comes_back(stack, sections):
    supervisor = Supervisor(Home(stack.home))
    supervisor.stop("postgres")
    try:
        found = sections(lambda seen: seen.get("session", {}).get("away"))
        assert "postgres" in found["session"]["away"] or "connection" in found["session"]["away"]
        assert found["market"]["away"] is None
    finally:
        supervisor.start("postgres")
    sections(lambda seen: seen.get("session", {"data": None})["data"])


def test_the_kill_switch_kills_what_arb_kill_kills(stack, sections):
    visitor = stack.visitor()
    answer = visitor.post("/api/kill", body={"reason": "a test"}, X_CSRF_Token=visitor.token())
    assert (answer.status, answer.json()) == (200, {"reason": "a test"})
    found = sections(lambda seen: seen.get("kill", {"data": {"report": None}})["data"]["report"])
    assert found["kill"]["data"]["engaged"] == "a test"
    assert found["kill"]["data"]["report"]["no_new_intents_ms"] is not None
    assert stack.status()["session"]["mode"] == "halted"
