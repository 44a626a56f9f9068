"""What a sweep came to: in a terminal, and as a part of the HTML report."""

from collections.abc import Mapping
from decimal import Decimal
from html import escape
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from arb.cli.views.report_html import table
from arb.cli.views.style import headed_table
from arb.cli.views.text import UNKNOWN, signed

Document = Mapping[str, Any]
CELL, LEFT, TOP = 26, 90, 24
WIDE: Final = 1000


def sweep_view(sweep: Document) -> RenderableType:
    """Return the sweep as tables."""
    found = headed_table(("setting",), ("engine KRW", "trades", "screen KRW", "trades"))
    for each in sweep["best"]:
        found.add_row(*_row(each))
    return Group(*(Text(line) for line in _lines(sweep)), found, *_walk(sweep["walk_forward"]))


def _lines(sweep: Document) -> list[str]:
    agreement = sweep["agreement"]
    told = "cannot be told" if agreement is None else f"{agreement} (1: the same order)"
    ranked = f"{sweep['screened']:,} of {sweep['settings']:,} settings screened"
    lines = [f"{ranked}; agreement of the screen's rank with the engine's: {told}"]
    lines += [f"left out, {number:,} settings: {why}" for why, number in sweep["refused"].items()]
    return lines


def _row(each: Document) -> tuple[str, ...]:
    exact = UNKNOWN if each["exact_krw"] is None else signed(Decimal(each["exact_krw"]), 0)
    trades = UNKNOWN if each["exact_trades"] is None else f"{each['exact_trades']:,}"
    screened = UNKNOWN if each["screen_krw"] is None else signed(Decimal(each["screen_krw"]), 0)
    guessed = UNKNOWN if each["screen_trades"] is None else f"{each['screen_trades']:,}"
    return " ".join(each["change"]), exact, trades, screened, guessed


def _walk(walked: Document | None) -> list[RenderableType]:
    if walked is None:
        return []
    found = headed_table(("tried on", "chosen by what came before"), ("fitted KRW", "after KRW", "trades"))
    for row in _walk_rows(walked):
        found.add_row(*row)
    return [Text(_walk_line(walked), "bold"), found]


def _walk_line(walked: Document) -> str:
    after = signed(Decimal(walked["after_krw"]), 0)
    return (
        f"walked forward: {after} KRW on what the settings were not chosen by, "
        f"{walked['earning_parts']} of {len(walked['parts'])} parts earned"
    )


def _walk_rows(walked: Document) -> list[tuple[str, ...]]:
    return [
        (
            f"{part['from'][:10]} to {part['to'][:10]}",
            " ".join(part["change"]),
            signed(Decimal(part["fitted"]["net_krw"]), 0),
            signed(Decimal(part["after"]["net_krw"]), 0),
            f"{part['after']['trades']:,}",
        )
        for part in walked["parts"]
    ]


def sweep_part(sweep: Document) -> str:
    """Return the sweep as HTML, with its heat map."""
    columns = ("setting", "engine KRW", "trades", "screen KRW", "trades")
    parts = ["<h2>Sweep</h2>", *(f"<p>{escape(line)}</p>" for line in _lines(sweep)), _heat(sweep["heat"])]
    parts.append(
        table("The best by the engine, then by the screen", columns, [_row(each) for each in sweep["best"]])
    )
    if sweep["walk_forward"] is not None:
        walked = sweep["walk_forward"]
        heads = ("tried on", "chosen by what came before", "fitted KRW", "after KRW", "trades")
        parts += [table("Walked forward", heads, _walk_rows(walked)), f"<p>{escape(_walk_line(walked))}</p>"]
    return "".join(parts)


def _heat(heat: Document | None) -> str:
    if heat is None:
        return ""
    across, down = heat["across"], heat["down"]
    known = [abs(float(cell)) for row in heat["cells"] for cell in row if cell is not None]
    most, width = max(known, default=0.0) or 1.0, (WIDE - LEFT) / max(1, len(across["values"]))
    parts = []
    for y, (name, row) in enumerate(zip(down["values"], heat["cells"], strict=True)):
        top = TOP + y * CELL
        parts.append(f'<text x="{LEFT - 8}" y="{top + 17}" text-anchor="end">{escape(name)}</text>')
        for x, cell in enumerate(row):
            if cell is None:
                continue
            kind, strength = "up" if float(cell) >= 0 else "down", 0.08 + 0.92 * abs(float(cell)) / most
            parts.append(
                f'<rect class="{kind} cell" x="{LEFT + x * width:.1f}" y="{top}" width="{width - 1:.1f}" '
                f'height="{CELL - 1}" fill-opacity="{strength:.2f}"><title>{escape(across["key"])} '
                f"{escape(across['values'][x])}, {escape(down['key'])} {escape(name)}: {float(cell):,.0f} KRW"
                "</title></rect>"
            )
    height = TOP + len(down["values"]) * CELL + 24
    every = max(1, len(across["values"]) // 20)
    for x, value in enumerate(across["values"]):
        if x % every == 0:
            middle = LEFT + (x + 0.5) * width
            label = f'<text x="{middle:.1f}" y="{height - 8}" text-anchor="middle">{escape(value)}</text>'
            parts.append(label)
    title = f"{across['key']} across" + (f", {down['key']} down" if down["key"] else "")
    return (
        f"<h2>Net KRW by the screen: {escape(title)}</h2>"
        f'<svg viewBox="0 0 {WIDE} {height}" role="img" aria-label="heat map">{"".join(parts)}</svg>'
    )
