"""The live view on a terminal, and elsewhere."""

import io

from rich.console import Console

from arb.adapters.local.clock import ManualClock
from arb.cli.views.live import screen
from tests.cli.views.facts import NOW_NS, Stack, frames


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
