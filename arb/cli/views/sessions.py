"""Sessions as rows for a table or for JSON: those of each mode apart, the newest first."""

from collections.abc import Iterable
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from arb.adapters.postgres.kept import KeptSession
from arb.cli.moments import shown
from arb.cli.views.text import signed
from arb.domain.market.money import plain
from arb.domain.state.snapshot import Snapshot

MODES: Final = ("live", "paper", "mock")
Row = dict[str, Any]


def session_row(kept: KeptSession, snapshot: Snapshot | None) -> Row:
    """Return a session as a row."""
    session = kept.session
    return {
        "session_id": session.session_id,
        "environment": session.environment,
        "group": session.group_name,
        "in_use": kept.is_in_use,
        "mode": session.mode.value,
        "mode_reason": session.mode_reason,
        "started_at_ns": session.started_at_ns,
        "changed_at_ns": kept.changed_at_ns,
        "trades": kept.trades,
        "trades_ended": kept.trades_ended,
        "realised_krw": plain(round(kept.pnl_krw, 2)),
        "snapshot": None if snapshot is None else snapshot.slot,
    }


def sessions_view(rows: list[Row], where: str, zone: tzinfo | None) -> RenderableType:
    """Return a table for each mode that has sessions; `*` marks the one in use."""
    by_mode = {mode: [row for row in rows if row["environment"] == mode] for mode in MODES}
    tables: list[RenderableType] = [_table(mode, found, zone) for mode, found in by_mode.items() if found]
    return Group(Text(f"sessions, {where}", "dim"), *(tables or [Text("none yet")]))


def _table(mode: str, rows: Iterable[Row], zone: tzinfo | None) -> Table:
    table = Table(title=mode, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("", "session", "group", "began", "last change"):
        table.add_column(name, no_wrap=True)
    for name in ("trades", "ended", "realised KRW"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("mode", overflow="fold")
    for row in rows:
        table.add_row(
            "*" if row["in_use"] else "",
            row["session_id"],
            row["group"],
            shown(row["started_at_ns"], zone),
            shown(row["changed_at_ns"], zone),
            str(row["trades"]),
            str(row["trades_ended"]),
            signed(Decimal(row["realised_krw"]), 0),
            f"{row['mode']} ({row['mode_reason']})",
        )
    return table
