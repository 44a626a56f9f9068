"""A frame in one line."""

from arb.adapters.local.clock import ManualClock
from arb.cli.views.line import line
from tests.cli.views.facts import NOW_NS, SOURCES, Stack, frames


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
