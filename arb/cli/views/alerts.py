"""Alerts as a table."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from arb.domain.time import NS_PER_S

STYLES: Final = {"critical": "bold red", "warning": "yellow", "info": "green"}


def alerts_view(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return alerts as a table; those that nobody has seen carry a mark."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "id", "at (UTC)", "severity", "kind", "subject"):
        table.add_column(name, no_wrap=True)
    table.add_column("message", overflow="fold")
    for name in ("held back", "told by"):
        table.add_column(name, no_wrap=True)
    for row in rows:
        severity = row["severity"]
        table.add_row(
            "" if row["acked_at_ns"] else "*",
            str(row["alert_id"]),
            moment(row["at_ns"]),
            Text(severity, STYLES[severity]),
            row["kind"],
            row["subject"],
            row["message"],
            str(row["held_back"] or ""),
            row["delivered_by"] or "file",
        )
    return table


def moment(at_ns: int) -> str:
    """Return a time to the second."""
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime("%m-%d %H:%M:%S")
