"""Alerts, and dead letters, as tables."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from arb.cli.moments import shown
from arb.cli.views.style import headed_table

ARGUMENTS_SHOWN: Final = 60
STYLES: Final = {"critical": "bold red", "warning": "yellow", "info": "green"}


def alerts_view(rows: Sequence[Mapping[str, Any]], zone: tzinfo | None) -> Table:
    """Return alerts as a table; those that nobody has seen carry a mark."""
    table = headed_table()
    for name in ("", "id", "mode", "at", "severity", "kind", "subject"):
        table.add_column(name, no_wrap=True)
    table.add_column("message", overflow="fold")
    for name in ("held back", "told by"):
        table.add_column(name, no_wrap=True)
    for row in rows:
        severity = row["severity"]
        table.add_row(
            "" if row["acked_at_ns"] else "*",
            str(row["alert_id"]),
            " ".join(filter(None, (row["mode"], row["group"]))) or "-",
            shown(row["at_ns"], zone),
            Text(severity, STYLES[severity]),
            row["kind"],
            row["subject"],
            row["message"],
            str(row["held_back"] or ""),
            row["delivered_by"] or "file",
        )
    return table


def dead_view(rows: Sequence[Mapping[str, Any]], zone: tzinfo | None) -> Table:
    """Return dead letters as a table; those that were sent again say so."""
    table = headed_table()
    for name in ("id", "last", "times", "reason", "queue", "task"):
        table.add_column(name, no_wrap=True)
    table.add_column("arguments", overflow="fold")
    table.add_column("error", overflow="fold")
    table.add_column("sent again", no_wrap=True)
    for row in rows:
        table.add_row(
            str(row["dead_letter_id"]),
            shown(row["last_at_ns"], zone),
            str(row["failures"]),
            row["reason"],
            row["queue"],
            row["task"] or "?",
            _arguments(row),
            row["error"],
            shown(row["replayed_at_ns"], zone) if row["replayed_at_ns"] else "",
        )
    return table


def _arguments(row: Mapping[str, Any]) -> str:
    if not row["task"]:
        text = str(row["text"])
    else:
        named = (f"{name}={value!r}" for name, value in row["kwargs"].items())
        text = ", ".join((*(repr(value) for value in row["args"]), *named))
    return text if len(text) <= ARGUMENTS_SHOWN else f"{text[:ARGUMENTS_SHOWN]}..."
