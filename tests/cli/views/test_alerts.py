"""Alerts and dead letters as tables."""

from datetime import UTC
from typing import Any

from arb.cli.views.alerts import alerts_view, dead_view
from tests.cli.views.drawing import drawn

AT_NS = 1_763_640_000_000_000_000
ALERT: dict[str, Any] = {
    "alert_id": 7,
    "at_ns": AT_NS,
    "severity": "critical",
    "kind": "unhedged",
    "subject": "BTC",
    "mode": "live",
    "group": "desk2",
    "message": "one leg alone",
    "held_back": 0,
    "delivered_by": None,
    "acked_at_ns": None,
}
LETTER: dict[str, Any] = {
    "dead_letter_id": 3,
    "last_at_ns": AT_NS,
    "failures": 2,
    "reason": "failed",
    "queue": "orders",
    "task": "arb.place_order",
    "args": ["an-id"],
    "kwargs": {"fence": 4},
    "text": "",
    "error": "Bug: x",
    "replayed_at_ns": None,
}


def test_an_alert_that_nobody_has_seen_carries_a_mark_and_the_file_has_it() -> None:
    of_none = {**ALERT, "acked_at_ns": 1, "mode": None, "group": None}
    first, second = drawn(alerts_view([ALERT, of_none], UTC), 180).splitlines()[1:]
    assert first.split()[:6] == ["*", "7", "live", "desk2", "2025-11-20", "12:00:00"]
    assert second.split()[:2] == ["7", "-"]
    assert "one leg alone" in first and first.split()[-1] == "file"


def test_a_letter_says_what_was_asked_and_whether_it_was_sent_again() -> None:
    first, second = drawn(dead_view([LETTER, {**LETTER, "replayed_at_ns": AT_NS}], UTC), 180).splitlines()[1:]
    assert "'an-id', fence=4" in first
    assert tuple(line.count("2025-11-20 12:00:00 UTC") for line in (first, second)) == (1, 2)


def test_a_letter_that_is_no_task_shows_the_beginning_of_its_text() -> None:
    text = drawn(dead_view([{**LETTER, "task": None, "text": "x" * 61}], UTC), 200)
    assert "x" * 60 + "..." in text
