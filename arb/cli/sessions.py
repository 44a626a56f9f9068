"""The commands about sessions: `arb sessions` lists them, `arb resume` goes on with one."""

import json
import os
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from arb.cli.output import AsJson
from arb.cli.stack import Beside, Coins, Group
from arb.domain.time import NS_PER_S
from arb.stack.home import Home, read_runtime

Chosen = Annotated[str | None, typer.Argument(help="Which session; without it the one in use.")]
Mode = Annotated[str, typer.Option(help="mock, paper or live.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the `arb` command."""
    app.command()(sessions)
    app.command()(resume)


def sessions(as_json: AsJson = False) -> None:
    """List the sessions of the running stack's mode, the newest first, with their last snapshots."""
    from arb.app.engines import engine as running_engine

    os.environ["ARB_HOME"] = read_runtime(Home.default()).home
    engine = running_engine()
    rows = [
        {
            "session_id": each.session_id,
            "group": each.group_name,
            "in_use": each.session_id == engine.session_id,
            "mode": each.mode.value,
            "mode_reason": each.mode_reason,
            "started_at_ns": each.started_at_ns,
            "snapshot": (found := engine.snapshots.latest(each.session_id)) and found.slot,
        }
        for each in engine.sessions.listed(engine.settings.mode)
    ]
    typer.echo(json.dumps(rows, indent=2) if as_json else "\n".join(map(_line, rows)))


def resume(
    session: Chosen = None,
    mode: Mode = "mock",
    group: Group = None,
    coins: Coins = None,
    beside: Beside = None,
    as_json: AsJson = False,
) -> None:
    """Start the stack and go on with a session: the one in use, or any other one that is kept."""
    from arb.cli.stack import up

    up(mode=mode, session=session, group=group, coins=coins, beside=beside, as_json=as_json)


def _line(row: dict[str, Any]) -> str:
    started = datetime.fromtimestamp(row["started_at_ns"] / NS_PER_S, tz=UTC).isoformat(timespec="seconds")
    mark = "*" if row["in_use"] else " "
    how = f"{row['mode']} ({row['mode_reason']})"
    how += f"  group {row['group']}" if row["group"] else ""
    return f"{mark} {row['session_id']}  {started}  {how}  snapshot {row['snapshot'] or 'none'}"
