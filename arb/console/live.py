"""The live view: a table that renews itself on a terminal, a line every few seconds elsewhere."""

from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.live import Live

from arb.bootstrap import Engine
from arb.console.line import line
from arb.console.model import FrameReader
from arb.console.sources import Sources
from arb.console.view import render
from arb.ports import Clock
from arb.runtime.home import Home

FRAME_MS: Final = 500
LINE_MS: Final = 5_000


def show_live(engine: Engine, home: Home, clock: Clock, duration_s: float | None = None) -> None:
    """Show a running engine for a while, or until an exception (Ctrl-C) ends it."""
    screen(frame_reader(engine, home), clock, duration_s, Console())


def frame_reader(engine: Engine, home: Home) -> FrameReader:
    """Return the reader of an engine's frames."""
    return FrameReader(
        Sources.of(engine, home),
        engine.clock,
        engine.settings.mode.value,
        engine.settings.strategy.notional_usdt,
        engine.markets.assemble,
    )


def screen(reader: FrameReader, clock: Clock, duration_s: float | None, console: Console) -> None:
    """Show frames until the time is over."""
    until_ns = None if duration_s is None else clock.now_ns() + int(duration_s * 1_000_000_000)
    if console.is_terminal:
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            _repeat(
                lambda: live.update(render(reader.read(), console.width), refresh=True),
                clock,
                until_ns,
                FRAME_MS,
            )
    else:
        _repeat(lambda: _write(console, line(reader.read())), clock, until_ns, LINE_MS)


def _write(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)
    console.file.flush()


def _repeat(draw: Callable[[], None], clock: Clock, until_ns: int | None, pause_ms: int) -> None:
    while True:
        draw()
        left_ms = pause_ms if until_ns is None else (until_ns - clock.now_ns()) // 1_000_000
        if left_ms <= 0:
            return
        clock.sleep_ms(min(pause_ms, left_ms))
