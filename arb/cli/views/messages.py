"""Messages as a table."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from rich.table import Table

from arb.cli.moments import shown
from arb.cli.views.style import headed_table
from arb.domain.health.message import MessageKind, render


def message_rows(rows: Sequence[Mapping[str, Any]], modes: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return messages as JSON: whose they are, what they say, and what became of them."""
    return [
        {
            "message_id": row["message_id"],
            "mode": modes.get(row["session_id"], ""),
            "session_id": row["session_id"],
            "kind": row["kind"],
            "at_ns": row["at_ns"],
            "headline": render(MessageKind(row["kind"]), [row["facts"]], {})[0],
            "facts": row["facts"],
            "state": _state(row),
            "told_by": row["told_by"],
            "told_at_ns": row["ended_at_ns"] if row["told_by"] else None,
            "tries": row["tries"],
            "failure": row["failure"],
        }
        for row in rows
    ]


def messages_view(rows: Sequence[Mapping[str, Any]], zone: tzinfo | None) -> Table:
    """Return messages as a table."""
    table = headed_table()
    for name in ("id", "mode", "at", "kind"):
        table.add_column(name, no_wrap=True)
    table.add_column("headline", overflow="fold")
    table.add_column("state", overflow="fold")
    for row in rows:
        state = row["state"]
        if row["told_by"]:
            state = f"told by {row['told_by']}, {shown(row['told_at_ns'], zone)}"
        elif row["failure"]:
            state = f"{state}: {row['failure']}, {row['tries']} tries"
        table.add_row(
            str(row["message_id"]),
            row["mode"],
            shown(row["at_ns"], zone),
            row["kind"],
            row["headline"],
            state,
        )
    return table


def _state(row: Mapping[str, Any]) -> str:
    if not row["ended_at_ns"]:
        return "waits"
    return "told" if row["told_by"] else "too old"
