"""The log lines of a trade: from the newest files, as much as may be looked through."""

from pathlib import Path

import pytest

from arb.cli.views import trace

TRADE = "t-1"
BUDGET_BYTES = 1_000


@pytest.fixture(autouse=True)
def budget(monkeypatch):
    monkeypatch.setattr(trace, "SIZE_BYTES_MAX", BUDGET_BYTES)


def line(event: str) -> str:
    return f"2026-11-20T10:00:00.000000Z [info] [arb.trading] {event} trade={TRADE}\n"


def filler(size: int) -> str:
    return ("x" * 49 + "\n") * (size // 50)


def events(logs: Path) -> list[str]:
    return [step["facts"]["line"].split()[3] for step in trace._log_steps(TRADE, logs)]


def days(logs: Path, **texts: str) -> None:
    for day, text in texts.items():
        (logs / f"live_loop.log.2026-11-{day[1:]}").write_text(text)
    (logs / "live_loop.log").symlink_to(f"live_loop.log.2026-11-{max(texts)[1:]}")


def test_every_line_of_every_day_is_told_once(tmp_path):
    days(tmp_path, d19=line("order_sent"), d20=line("order_filled"))
    assert events(tmp_path) == ["order_filled", "order_sent"]


def test_the_newest_log_is_read_however_large_the_older_ones_are(tmp_path):
    days(tmp_path, d19=line("lost") + filler(5_000), d20=line("order_sent"))
    assert events(tmp_path) == ["order_sent"]


def test_of_a_log_that_is_too_large_the_end_is_read(tmp_path):
    days(tmp_path, d18=line("older"), d19=line("lost") + filler(5_000) + line("order_sent"))
    assert events(tmp_path) == ["order_sent"]


def test_a_line_of_which_only_the_end_fits_is_left_out(tmp_path):
    days(tmp_path, d19="z" * BUDGET_BYTES + line("cut"))
    assert events(tmp_path) == []


def test_a_log_of_an_earlier_version_is_the_newest(tmp_path):
    (tmp_path / "live_loop.log").write_text(line("order_sent"))
    (tmp_path / "live_loop.log.2026-11-19").write_text(line("lost") + filler(5_000))
    assert events(tmp_path) == ["order_sent"]
