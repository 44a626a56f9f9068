"""What came of chaos and of a soak, in words."""

from typing import Any

import pytest

from arb.cli.views.chaos import chaos_view, ops_text, soak_view
from arb.domain.health.growth import Growth
from arb.domain.health.soak import SoakReport
from tests.cli.views.drawing import drawn

RUN: dict[str, Any] = {
    "seed": 7,
    "faults_by_kind": {"cut": 2},
    "kills": {},
    "violations": [],
    "verdict": True,
}
TRIP: dict[str, Any] = {
    "name": "full_disk",
    "alert": "disk",
    "subject": "/",
    "told_after_s": 1.5,
    "recovered_after_s": 2.5,
    "skipped": "",
    "stack_ended": "",
}


def test_a_run_shows_its_facts_and_its_verdict() -> None:
    lines = [line.split() for line in drawn(chaos_view(RUN)).splitlines()]
    assert lines == [["seed", "7"], ["faults", "by", "kind", "cut", "2"], ["kills", "none"], ["passed"]]


def test_a_run_that_failed_names_what_was_broken() -> None:
    text = drawn(chaos_view({**RUN, "verdict": False, "violations": ["order a1 twice"]}))
    assert "order a1 twice" in text and text.rstrip().endswith("failed")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "disk of / after 1.5 s; recovery told 2.5 s after it was mended"),
        ({"recovered_after_s": None}, "no recovery seen"),
        ({"told_after_s": None}, "NOT TOLD"),
        ({"skipped": "no root"}, "left out: no root"),
        ({"stack_ended": "drifts"}, "the stack ended: drifts"),
    ],
)
def test_a_trip_says_when_it_was_told(changes: dict[str, Any], said: str) -> None:
    text = ops_text(
        {"trips": [{**TRIP, **changes}], "critical": None, "venue_away": None, "verdict": not changes}
    )
    assert said in text and text.endswith("failed" if changes else "passed")


def test_the_critical_trip_says_how_the_stack_ended() -> None:
    names = ("stopped_after_s", "orders_out", "uneven", "handed_over", "snapshot", "left_running")
    critical = {**dict.fromkeys(names), "reason": None}
    assert "NOT REACHED; stopped after None s" in ops_text(
        {"trips": [], "critical": critical, "venue_away": None, "verdict": False}
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "told 3 times (each named: True), killed feed; ended 9.5 s after the venue was back"),
        ({"stopped_after_s": None}, "NOT ENDED"),
        ({"killed": ""}, "killed NOBODY"),
        ({"gone": ["stream"]}, "stream"),
        ({"violations": ["no_lonely_leg: trade a1"]}, "no_lonely_leg: trade a1"),
    ],
)
def test_a_stop_with_a_venue_away_says_what_was_told_and_how_it_ended(
    changes: dict[str, Any], said: str
) -> None:
    waited = {
        "venue": "upbit", "lost": 2, "alarms": 3, "named": True, "killed": "feed", "gone": [],
        "stopped_after_s": 9.5, "orders_out": 0, "uneven": 0, "left_running": 0, "violations": [],
    }  # fmt: skip
    text = ops_text({"trips": [], "critical": None, "venue_away": {**waited, **changes}, "verdict": False})
    assert said in text


def growth(per_hour: float) -> Growth:
    return Growth(per_hour=per_hour, low=per_hour - 1, high=per_hour + 1, first=10, last=11)


def test_a_soak_names_what_grows() -> None:
    report = SoakReport(
        minutes=30,
        samples=9,
        memory_mb={"beat": growth(0.5), "feed": growth(4)},
        redis_mb=growth(0),
        queue_depth=None,
        queue_depth_max=12,
        trades=3,
        invariants_hold=True,
        rested=True,
        errors=("feed: Bug",),
    )
    text = drawn(soak_view(report))
    for expected in (
        "inside redis",
        "+4.0",
        "at most 12 messages",
        "feed: Bug",
        "growing: feed",
        "not passed",
    ):
        assert expected in text
