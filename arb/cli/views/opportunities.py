"""Chances as a table."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from arb.cli.moments import shown
from arb.cli.views.style import headed_table
from arb.cli.views.text import bare, duration, signed
from arb.domain.market.opportunity import OPENED
from arb.domain.time import NS_PER_MINUTE, NS_PER_S


def opportunities_view(rows: Sequence[Mapping[str, Any]], zone: tzinfo | None) -> RenderableType:
    """Return chances as a table, and what became of them in all."""
    table = headed_table(("from", "coin", "direction"), ("lasted", "peak bps", "size KRW", "worth KRW"))
    table.add_column("what became of it")
    for row in rows:
        table.add_row(
            shown(row["from_ns"], zone),
            row["coin"],
            row["direction"],
            _lasted(row["to_ns"] - row["from_ns"]),
            bare(row["peak_bps"]),
            f"{Decimal(row['size_krw']):,.0f}",
            signed(Decimal(row["worth_krw"]), 0),
            f"{OPENED}: {', '.join(row['trades'])}" if row["taken"] else row["reason"],
        )
    return Group(table, Text(_sums(rows), "bold"))


def _lasted(lasted_ns: int) -> str:
    """Return how long it was there, to a tenth of a second where that was short."""
    if lasted_ns < NS_PER_MINUTE:
        return f"{lasted_ns / NS_PER_S:.1f} s"
    return duration(lasted_ns // NS_PER_S)


def _sums(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how many were taken, and what for most of the others were not."""
    missed: dict[str, int] = {}
    for row in rows:
        if not row["taken"]:
            missed[row["reason"]] = missed.get(row["reason"], 0) + 1
    told = ", ".join(f"{number} {reason}" for reason, number in sorted(missed.items(), key=lambda p: -p[1]))
    taken = sum(row["taken"] for row in rows)
    return f"{len(rows):,} chances, {taken:,} taken" + (f"; not taken: {told}" if told else "")
