"""The commands about sessions and what they hold.

`arb sessions` lists them, `arb resume` goes on with one; `arb positions`, `balances` and `pnl` are about the
one that runs.
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from arb.cli import running
from arb.cli.output import AsJson, show
from arb.cli.stack import Beside, Coins, Group
from arb.domain.time import NS_PER_S

Chosen = Annotated[str | None, typer.Argument(help="Which session; without it the one in use.")]
Mode = Annotated[str, typer.Option(help="mock, paper or live.")]


def sessions(as_json: AsJson = False) -> None:
    """List the sessions of the running stack's mode, the newest first, with their last snapshots."""
    engine = running.engine()
    rows = [
        {
            "session_id": each.session_id,
            "group": each.group_name,
            "in_use": each.session_id == engine.session_id,
            "mode": each.mode.value,
            "mode_reason": each.mode_reason,
            "started_at_ns": each.started_at_ns,
            "snapshot": (found := engine.stores.snapshots.latest(each.session_id)) and found.slot,
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


def positions(as_json: AsJson = False) -> None:
    """Show what is held of each coin on both venues, and what of it is not hedged, handed over or not."""
    engine = running.engine()
    from arb.app.facts.sources import at_risk
    from arb.app.judge import report_of
    from arb.cli.views import accounts

    held = at_risk(engine)
    rows = accounts.positions(held, report_of(engine).run({}).by_coin, engine.markets.pair.venues)
    show(rows, as_json, lambda: accounts.positions_view(rows, engine.markets.pair.venues))


def balances(as_json: AsJson = False) -> None:
    """Show what each venue should hold by the ledger; `arb reconcile` compares it with the venues."""
    engine = running.engine()
    from arb.cli.views import accounts

    rows = accounts.balances(engine.trades.balances(engine.session_id), engine.trades.free(engine.session_id))
    show(rows, as_json, lambda: accounts.balances_view(rows))


def pnl(as_json: AsJson = False) -> None:
    """Show the profit of the running session: by coin, by day, and in all."""
    engine = running.engine()
    from arb.app.judge import performance_of, report_of
    from arb.cli.views import accounts

    found = accounts.profit(report_of(engine).run({}).as_json() | performance_of(engine).as_json())
    show(found, as_json, lambda: accounts.profit_view(found))


def _line(row: dict[str, Any]) -> str:
    started = datetime.fromtimestamp(row["started_at_ns"] / NS_PER_S, tz=UTC).isoformat(timespec="seconds")
    mark = "*" if row["in_use"] else " "
    how = f"{row['mode']} ({row['mode_reason']})"
    how += f"  group {row['group']}" if row["group"] else ""
    return f"{mark} {row['session_id']}  {started}  {how}  snapshot {row['snapshot'] or 'none'}"
