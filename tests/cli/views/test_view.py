"""The view fits its terminal and shows `-` for what is not known."""

import io

import pytest
from rich.console import Console

from arb.adapters.local.clock import ManualClock
from arb.cli.views.line import line
from arb.cli.views.live import screen
from arb.cli.views.view import render
from tests.cli.views import drawing
from tests.cli.views.facts import NOW_NS, SOURCES, Stack, frames


def drawn(stack: Stack, width: int) -> str:
    return drawing.drawn(render(frames(stack, ManualClock(NOW_NS)).read(), width), width)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_everything_is_there_and_nothing_is_cut(width: int) -> None:
    text = drawn(Stack(), width)
    assert "…" not in text
    assert max(len(row) for row in text.splitlines()) <= width
    for expected in (
        "BTC",
        "141,400,000",
        "40 ms",
        "+100.0",
        "12 closed",
        "1 handed over",
        "beat",
        "backoff",
    ):
        assert expected in text
    assert "unknown" in text
    assert "rate_stale 3" in text
    assert "orders 1" in text and "fallback 4" in text


def test_a_small_terminal_shows_everything_at_once() -> None:
    assert len(drawn(Stack(), 80).splitlines()) <= 24


@pytest.mark.parametrize("width", [80, 120])
def test_with_everything_away_it_still_draws(width: int) -> None:
    text = drawn(Stack(*SOURCES), width)
    assert "away: " in text
    assert "-" in text


def test_a_line_says_the_most_important() -> None:
    text = line(frames(Stack(), ManualClock(NOW_NS)).read())
    assert text == (
        "01:15 | normal | trades 14 opened 1 open 12 closed | orders 53 fills 61 | "
        "pnl 12345.00 KRW 8.8179 USDT | waiting 6+4 | processes 2/3"
    )


def test_a_line_with_everything_away() -> None:
    text = line(frames(Stack(*SOURCES), ManualClock(NOW_NS)).read())
    assert text.startswith("- | mode - | trades - opened")
    assert "away: books" not in text
    assert "quotes" in text


def shown(duration_s: float, *, terminal: bool) -> tuple[str, ManualClock]:
    clock = ManualClock(NOW_NS)
    console = Console(file=io.StringIO(), width=100, height=60, force_terminal=terminal)
    screen(frames(Stack(), clock), clock, duration_s, console)
    return console.file.getvalue(), clock  # type: ignore[attr-defined]


def test_without_a_terminal_there_is_a_line_every_five_seconds() -> None:
    text, clock = shown(12, terminal=False)
    assert len(text.splitlines()) == 4
    assert clock.now_ns() - NOW_NS == 12_000_000_000


def test_on_a_terminal_the_table_renews_itself_and_ends_in_time() -> None:
    text, clock = shown(1.2, terminal=True)
    assert "net edge" in text
    assert clock.slept_ms == [500, 500, 200]
