"""Moments as they are written and shown: days whole, zones named, nonsense refused."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from arb.cli.moments import first_ns, last_ns, shown, shown_span
from arb.cli.reads import ReadRequest
from arb.domain.errors import ConfigError
from arb.domain.time import ALWAYS, NS_PER_S


@pytest.fixture(autouse=True)
def seoul(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def ns(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * NS_PER_S  # type: ignore[misc, arg-type]


def test_a_day_is_all_of_it_in_the_zone_of_the_machine() -> None:
    assert first_ns("--from", "2026-11-30", None) == ns(2026, 11, 29, 15)
    assert last_ns("--to", "2026-11-30", None) == ns(2026, 11, 30, 15) - 1
    assert first_ns("--from", "2026-11-30", UTC) == ns(2026, 11, 30)
    assert last_ns("--to", "2026-11-30", UTC) == ns(2026, 12, 1) - 1


def test_a_time_is_itself_and_an_offset_of_its_own_comes_first() -> None:
    assert last_ns("--to", "2026-11-30 09:00", None) == ns(2026, 11, 30)
    assert first_ns("--from", "2026-11-30T09:00+01:00", None) == ns(2026, 11, 30, 8)


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01", "9999-12-31T23:59-12:00"])
def test_what_is_no_time_is_one_line(text: str) -> None:
    with pytest.raises(ConfigError, match="is no time"):
        first_ns("--from", text, UTC)


def test_what_is_shown_names_its_zone() -> None:
    assert shown(ns(2026, 11, 30), None) == "2026-11-30 09:00:00 KST"
    assert shown(ns(2026, 11, 30), UTC) == "2026-11-30 00:00:00 UTC"
    assert shown_span(ns(2026, 11, 30), ns(2026, 11, 30, 1), None) == (
        "2026-11-30 09:00:00 to 2026-11-30 10:00:00 KST"
    )


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    assert ReadRequest().span() == ALWAYS
    with pytest.raises(ConfigError, match="later than"):
        ReadRequest(since="2026-12-01", until="2026-11-30").span()
