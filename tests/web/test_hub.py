"""The stream of sections: everything at first, then what is new; what is away takes nothing else away."""

import json
import threading
import time
from decimal import Decimal
from itertools import count

from arb.domain.errors import StoreUnavailable
from arb.web.hub import PAGES_MAX
from arb.web.sections import PageSection
from tests.web.server import serving


def events(answer, wanted, limit=200):
    """Read until every wanted section came; returns the last message of each."""
    found, buffer = {}, b""
    for chunk in answer.stream(amt=None):
        buffer += chunk
        while b"\n\n" in buffer:
            block, _, buffer = buffer.partition(b"\n\n")
            lines = dict(
                line.split(": ", 1) for line in block.decode().splitlines() if not line.startswith(":")
            )
            if lines:
                found[lines["event"]] = json.loads(lines["data"])
        limit -= 1
        if wanted <= set(found) or limit == 0:
            return found
    return found


def away():
    raise StoreUnavailable("postgres: connection refused\nand more")


def section(name, read, every_ms=20):
    return PageSection(name=name, read=read, every_ms=every_ms)


def test_a_page_gets_the_past_and_every_section():
    parts = [section("market", lambda: {"price": Decimal("0.00000001")}), section("risk", list)]
    with serving(parts, welcome=lambda: {"BTC": [[1, 2.0, None]]}) as served:
        browser = served.browser()
        browser.log_in()
        found = events(browser.stream(), {"history", "market", "risk"})
    assert found["history"]["data"] == {"BTC": [[1, 2.0, None]]}
    assert found["market"]["data"] == {"price": "0.00000001"}
    at_ms = served.clock.now_ns() // 1_000_000
    assert found["risk"] == {"at_ms": at_ms, "data": [], "away": None, "every_ms": 20, "less": False}


def test_what_is_away_is_named_and_the_rest_goes_on():
    with serving([section("result", away), section("market", dict)]) as served:
        browser = served.browser()
        browser.log_in()
        found = events(browser.stream(), {"result", "market"})
    assert found["result"]["data"] is None
    assert found["result"]["away"] == "postgres: connection refused"
    assert found["market"]["away"] is None


def test_a_source_that_hangs_holds_up_nobody_else():
    stuck = threading.Event()
    with serving([section("result", lambda: stuck.wait(5) and None), section("market", dict)]) as served:
        browser = served.browser()
        browser.log_in()
        began = time.monotonic()
        assert "result" not in events(browser.stream(), {"market"})
        assert time.monotonic() - began < 2
        stuck.set()


def test_nothing_costly_is_read_while_nobody_looks():
    reads = count()
    numbers = []

    def read():
        numbers.append(next(reads))
        return {}

    with serving(
        [section("result", read), PageSection(name="market", read=dict, every_ms=20, unwatched_every_ms=40)]
    ) as served:
        time.sleep(0.2)
        assert numbers == []
        browser = served.browser()
        browser.log_in()
        stream = browser.stream()
        events(stream, {"result"})
        assert numbers
        stream.close()


def test_what_is_read_while_nobody_looks_is_read_seldom_and_at_once_when_somebody_does():
    numbers = []

    def read():
        numbers.append(time.monotonic())
        return {}

    with serving([PageSection(name="market", read=read, every_ms=10, unwatched_every_ms=60_000)]) as served:
        deadline = time.monotonic() + 5
        while not numbers and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        assert len(numbers) == 1
        browser = served.browser()
        browser.log_in()
        stream = browser.stream()
        while len(numbers) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(numbers) >= 2
        stream.close()


def test_pages_are_limited():
    with serving() as served:
        browser = served.browser()
        browser.log_in()
        readers = [browser.stream().stream() for _ in range(PAGES_MAX)]
        assert all(b"history" in next(reader) for reader in readers)
        assert browser.stream().status == 503
        for reader in readers:
            reader.close()


def test_a_bug_in_a_reader_ends_the_process_and_is_not_hidden():
    with serving(
        [PageSection(name="market", read=lambda: 1 / 0, every_ms=20, unwatched_every_ms=40)]
    ) as served:
        deadline = time.monotonic() + 5
        while not served.broken and time.monotonic() < deadline:
            time.sleep(0.01)
    (error,) = served.broken
    assert isinstance(error, ExceptionGroup)
    assert isinstance(error.exceptions[0], ZeroDivisionError)


def test_under_pressure_a_section_is_read_less_often_and_says_so():
    reads = count()
    slow = PageSection(name="profit", read=lambda: next(reads), every_ms=10, lean_every_ms=60_000)
    with serving([slow, section("market", dict)], lean=lambda: True) as served:
        browser = served.browser()
        browser.log_in()
        found = events(browser.stream(), {"profit", "market"})
        time.sleep(0.5)
    assert (found["profit"]["every_ms"], found["profit"]["less"]) == (60_000, True)
    assert found["market"]["less"] is False
    assert next(reads) == 1
