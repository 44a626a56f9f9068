"""The live view: a table that renews itself on a terminal, a line every few seconds elsewhere."""

from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.live import Live

from arb.app.facts.frame import Frame
from arb.app.facts.model import FrameReader
from arb.app.facts.sources import Sources
from arb.app.wiring import Engine
from arb.cli.views.line import frame_json, line
from arb.cli.views.view import render
from arb.ports.market import Clock
from arb.stack.home import Home

FRAME_MS: Final = 500
LINE_MS: Final = 5_000


def show_live(
    engine: Engine,
    home: Home,
    clock: Clock,
    duration_s: float | None = None,
    *,
    as_json: bool = False,
    to_stderr: bool = False,
) -> None:
    """Show a running engine for a while, or until an exception (Ctrl-C) ends it."""
    console = Console(stderr=to_stderr)
    if as_json:
        _lines(frame_reader(engine, home), clock, duration_s, console, frame_json)
    else:
        screen(frame_reader(engine, home), clock, duration_s, console)


def frame_reader(engine: Engine, home: Home) -> FrameReader:
    """Return the reader of an engine's frames."""
    return FrameReader(
        Sources.of(engine, home),
        engine.clock,
        engine.settings.mode.value,
        engine.settings.leg_notional,
        engine.markets.pair,
        engine.markets.assemble,
    )


def screen(reader: FrameReader, clock: Clock, duration_s: float | None, console: Console) -> None:
    """Show frames until the time is over."""
    if not console.is_terminal:
        _lines(reader, clock, duration_s, console, line)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        _repeat(
            lambda: live.update(render(reader.read(), console.width), refresh=True),
            clock,
            duration_s,
            FRAME_MS,
        )


def _lines(
    reader: FrameReader,
    clock: Clock,
    duration_s: float | None,
    console: Console,
    text: Callable[[Frame], str],
) -> None:
    """Print a line for a frame every few seconds until the time is over."""
    _repeat(lambda: _write(console, text(reader.read())), clock, duration_s, LINE_MS)


def _write(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
    console.file.flush()


def _repeat(draw: Callable[[], None], clock: Clock, duration_s: float | None, pause_ms: int) -> None:
    until_ns = None if duration_s is None else clock.now_ns() + int(duration_s * 1_000_000_000)
    while True:
        draw()
        left_ms = pause_ms if until_ns is None else (until_ns - clock.now_ns()) // 1_000_000
        if left_ms <= 0:
            return
        clock.sleep_ms(min(pause_ms, left_ms))
