"""The view fits its terminal and shows `-` for what is not known."""

import pytest

from arb.adapters.local.clock import ManualClock
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
        "1 escalated",
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
