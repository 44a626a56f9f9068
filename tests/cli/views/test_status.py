"""The status says what runs, and `-` for what cannot be asked."""

from datetime import UTC
from typing import Any

import pytest

from arb.cli.views.status import status_view
from tests.cli.views import drawing

STATUS: dict[str, Any] = {
    "home": "/somewhere/.arb",
    "mode": "mock",
    "healthy": False,
    "flower_url": "http://127.0.0.1:5555",
    "web_url": "http://127.0.0.1:5556",
    "web_password_file": "/somewhere/.arb/run/web-password",
    "session": {"session_id": "mock-1", "mode": "reduce-only", "mode_reason": "stopping"},
    "queues": {"orders": 1, "evaluate": 0, "housekeeping": 0},
    "fallback_queues": {},
    "processes": [
        {"name": "feed", "state": "RUNNING", "pid": 12, "uptime_s": 61, "starts": 1, "exits": 0},
        {"name": "beat", "state": "BACKOFF", "pid": None, "uptime_s": 0, "starts": 4, "exits": 4},
    ],
}


def drawn(status: dict[str, Any]) -> str:
    return drawing.drawn(status_view(status, UTC), 80)


def test_everything_is_said() -> None:
    text = drawn(STATUS)
    for expected in ("reduce-only (stopping)", "mock-1", "orders 1", "none yet", "backoff", "01:01", "12"):
        assert expected in text


def test_the_last_recovery_is_told() -> None:
    recovery = {
        "component": "session",
        "cause": "killed",
        "lost_at_ns": 1_763_640_000_000_000_000,
        "recovered_at_ns": 1_763_640_003_100_000_000,
        "detail": "no snapshot",
    }
    text = drawn({**STATUS, "recoveries": [recovery]})
    assert "session after 3.1 s at 2025-11-20 12:00:03 UTC (killed)" in text


def test_what_is_refused_most_says_why_nothing_happens() -> None:
    text = drawn({**STATUS, "refusals": {"entry_cooldown": 3, "no_rules_binance": 1_234, "rate_stale": 1}})
    assert "refused  no_rules_binance 1,234, entry_cooldown 3" in text


def test_what_cannot_be_asked_is_a_dash() -> None:
    text = drawn({**STATUS, "session": None, "queues": None, "fallback_queues": None, "flower_url": None})
    assert text.count(" -\n") + text.count(" - ") >= 4


HOT = {"reachable": True, "current": True, "why": "", "fallback": False, "fallback_since_ns": None}
FALLEN = {"fallback": True, "fallback_since_ns": 1_763_640_000_000_000_000}


@pytest.mark.parametrize(
    ("hot_state", "said"),
    [
        (HOT, "state    hot and current\n"),
        ({**HOT, "current": False, "why": "state_missing"}, "being brought up to date (state_missing)\n"),
        ({**HOT, "reachable": False}, "state    Redis is away, PostgreSQL alone\n"),
        (
            {**HOT, "reachable": False, **FALLEN},
            "Redis is away, PostgreSQL alone (fallback since 2025-11-20 12:00:00 UTC)\n",
        ),
        ({**HOT, **FALLEN}, "hot and current (fallback since 2025-11-20 12:00:00 UTC)\n"),
    ],
    ids=["hot", "old", "away", "fallback", "coming back"],
)
def test_the_state_store_is_told_with_the_fallback(hot_state: dict[str, Any], said: str) -> None:
    lines = drawing.drawn(status_view({**STATUS, "hot_state": hot_state}, UTC), 100).splitlines()
    assert said in "".join(f"{line.rstrip()}\n" for line in lines)


UNSUPERVISED = {**STATUS, "healthy": None, "web_url": None, "web_password_file": None, "flower_url": None}


def test_where_nothing_supervises_processes_have_their_last_sign_of_life() -> None:
    signs = [
        {"name": "orders@one", "heartbeat_age_ms": 412},
        {"name": "feed@two", "heartbeat_age_ms": 61_000},
    ]
    text = drawn({**UNSUPERVISED, "processes": signs})
    for expected in ("no supervisor here", "orders@one", "412 ms", "61 s"):
        assert expected in text
    assert "restarts" not in text


@pytest.mark.parametrize(
    ("processes", "said"), [([], "no process gave a sign of life"), (None, "Redis, which keeps")]
)
def test_where_nothing_gave_a_sign_of_life_it_says_so(
    processes: list[dict[str, Any]] | None, said: str
) -> None:
    assert f"no supervisor here; {said}" in drawn({**UNSUPERVISED, "processes": processes})


def test_a_stop_that_waits_says_why_and_for_what() -> None:
    waits_for = ["upbit: sell 0.5 BTC/KRW is unknown since 2025-11-20T12:00:00Z, order a1-x-u1"]
    stop = {"reason": "watchdog: x", "began_ns": 1_763_640_000_000_000_000, "waits_for": waits_for}
    text = " ".join(drawn({**STATUS, "stop": stop}).split())
    assert "stops watchdog: x, since 2025-11-20 12:00:00 UTC; waits for" in text
    assert waits_for[0] in text
    assert "waits for" not in drawn({**STATUS, "stop": None})
