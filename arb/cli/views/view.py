"""A frame as a person sees it: one column of 80 characters, or two side by side from 110."""

from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from arb.app.facts.frame import Frame
from arb.cli.views.line import clock
from arb.cli.views.style import BAD, GOOD, QUIET
from arb.cli.views.text import UNKNOWN, price
from arb.cli.views.view_health import process_summary, process_table
from arb.cli.views.view_market import open_trades, quotes
from arb.cli.views.view_result import queues, totals

WIDE: Final = 110
TRADES_WIDE: Final = 12
TRADES_NARROW: Final = 4  # with everything else they fit 24 lines


def render(frame: Frame, width: int) -> RenderableType:
    """Return the live view, laid out for the terminal's width."""
    if width < WIDE:
        parts = (quotes(frame), open_trades(frame, TRADES_NARROW), totals(frame), queues(frame))
        return Group(_head(frame), *parts, process_summary(frame))
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(ratio=11)
    grid.add_column(ratio=9)
    grid.add_row(
        Group(quotes(frame), Text(), open_trades(frame, TRADES_WIDE)),
        Group(totals(frame), queues(frame), Text(), process_table(frame)),
    )
    return Group(_head(frame), grid)


def _head(frame: Frame) -> Text:
    session = frame.session
    mode = session.mode.value if session else UNKNOWN
    head = Text.assemble(
        ("arb ", "bold"),
        frame.environment,
        "  ",
        (mode, GOOD if mode == "normal" else BAD),
        f"  {clock(frame)}  USDT/KRW {price(frame.krw_per_usdt)}",
    )
    if session and mode != "normal":
        head.append(f"  ({session.mode_reason})", QUIET)
    if frame.away:
        head.append(f"  away: {', '.join(frame.away)}", BAD)
    return head
