"""Dead letters as a table."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.table import Table

from arb.cli.views.alerts import moment

ARGUMENTS_SHOWN: Final = 60


def dead_view(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return dead letters as a table; those that were sent again say so."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "last (UTC)", "times", "reason", "queue", "task"):
        table.add_column(name, no_wrap=True)
    table.add_column("arguments", overflow="fold")
    table.add_column("error", overflow="fold")
    table.add_column("sent again", no_wrap=True)
    for row in rows:
        table.add_row(
            str(row["dead_letter_id"]),
            moment(row["last_at_ns"]),
            str(row["failures"]),
            row["reason"],
            row["queue"],
            row["task"] or "?",
            _arguments(row),
            row["error"],
            moment(row["replayed_at_ns"]) if row["replayed_at_ns"] else "",
        )
    return table


def _arguments(row: Mapping[str, Any]) -> str:
    if not row["task"]:
        text = str(row["text"])
    else:
        named = (f"{name}={value!r}" for name, value in row["kwargs"].items())
        text = ", ".join((*(repr(value) for value in row["args"]), *named))
    return text if len(text) <= ARGUMENTS_SHOWN else f"{text[:ARGUMENTS_SHOWN]}..."
