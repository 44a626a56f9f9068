"""The commands that show what was traded, and prove it.

`arb trades`, `orders` and `trace` list it, `report` and `check` judge it, `snapshot` keeps it.
"""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from arb.cli import reads, running
from arb.cli.close import close, require_trade
from arb.cli.moments import shown, zone_of
from arb.cli.output import FAILED, AsJson, AsJsonOfTable, headed, show, tell
from arb.cli.reads import From, OfSession, ReadRequest, To, Utc
from arb.domain.errors import ConfigError

Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many, the newest first.")]
HtmlFile = Annotated[Path | None, typer.Option("--html", help="Write it with plots into this file.")]
TradeId = Annotated[str, typer.Argument(metavar="TRADE_ID", help="As `arb trades` shows it.")]


def report(
    session: OfSession = None,
    since: From = None,
    until: To = None,
    utc: Utc = False,
    as_json: AsJson = False,
    html: HtmlFile = None,
) -> None:
    """Report trades, fees and profit of a session, and the invariants of the one that runs.

    Example: arb report --from 2026-01-01 --json
    """
    from arb.app.judge import look
    from arb.app.kept import report_document
    from arb.cli.views.report import report_view

    with reads.kept(ReadRequest(session=session, since=since, until=until, utc=utc)) as kept:
        document = report_document(kept, reads.prices(kept), zone_of(utc))
        if kept.runs and kept.span.is_whole and kept.session_id == running.engine().session_id:
            document |= look(running.engine()).as_json() | {"by_day": document["by_day"]}
    if html is not None:
        from arb.cli.views.report_html import report_html

        html.write_text(report_html(document), encoding="utf-8")
        typer.echo(f"arb: wrote {html}", err=True)
        return
    show(document, as_json, lambda: headed(reads.heading(kept, utc), report_view(document, zone_of(utc))))


def check(as_json: AsJson = False) -> None:
    """Check every invariant against the running stack; exit status 0 only if all hold.

    Example: arb check --json
    """
    from arb.app.judge import check_of
    from arb.cli.views.findings import findings_view

    findings = check_of(running.engine()).run()
    show(findings.as_json(), as_json, lambda: findings_view(findings))
    if not findings.all_hold:
        raise typer.Exit(FAILED)


trades_app = typer.Typer(help="List the newest trades; close one, or take up one that was escalated.")
trades_app.command()(close)


@trades_app.callback(invoke_without_command=True)
def trades(
    context: typer.Context,
    limit: Limit = 20,
    session: OfSession = None,
    since: From = None,
    until: To = None,
    utc: Utc = False,
    as_json: AsJson = False,
) -> None:
    """List the newest trades; close one, or take up one that was escalated."""
    if context.invoked_subcommand is not None:
        return
    from arb.cli.views.listing import newest_trades, trades_view

    with reads.kept(ReadRequest(session=session, since=since, until=until, utc=utc)) as kept:
        rows = newest_trades(kept.database, kept.session_id, limit, kept.span)
    view = partial(trades_view, rows, kept.until_ns, zone_of(utc))
    reads.present(kept, {"trades": rows}, utc, as_json, view)


@trades_app.command()
def adopt(trade_id: TradeId, as_json: AsJson = False) -> None:
    """Have a trade that was escalated repaired again, if its leg is still there; exit status 0 if so.

    Example: arb trades adopt grcvswmag5trb
    """
    engine = running.engine()
    known = require_trade(engine, trade_id)
    why = engine.ledger.take_up.adopt(known, engine.ledger.reconcile.run())
    document = {"trade_id": trade_id, "adopted": why is None, "why": why or ""}
    tell(document, as_json, f"{trade_id} is repaired again" if why is None else f"{trade_id}: {why}")
    if why is not None:
        raise typer.Exit(FAILED)


def orders(
    limit: Limit = 20,
    session: OfSession = None,
    since: From = None,
    until: To = None,
    utc: Utc = False,
    as_json: AsJson = False,
) -> None:
    """List the newest orders.

    Example: arb orders --limit 50
    """
    from arb.cli.views.listing import newest_orders, orders_view

    with reads.kept(ReadRequest(session=session, since=since, until=until, utc=utc)) as kept:
        rows = newest_orders(kept.database, kept.session_id, limit, kept.span)
    reads.present(kept, {"orders": rows}, utc, as_json, partial(orders_view, rows, zone_of(utc)))


def snapshot(as_json: AsJson = False) -> None:
    """Take a snapshot of the running session now.

    Example: arb snapshot
    """
    engine = running.engine()
    from arb.domain.state.snapshot import SnapshotKind

    slot = engine.state.take_snapshot.run(SnapshotKind.MANUAL)
    tell({"slot": slot}, as_json, slot or "another process took one at this moment")


def trace(trade_id: TradeId, utc: Utc = False, as_json: AsJsonOfTable = False) -> None:
    """Print the life of one trade: quotes, decision, intents, requests, fills, ledger, PnL, log lines.

    Example: arb trace grcvswmag5trb
    """
    from rich.console import Console

    from arb.adapters.postgres.trace import SqlTrace
    from arb.cli.views.trace import steps_of, trace_view
    from arb.cli.views.trace_head import head_lines
    from arb.domain.market import ids

    with reads.everything() as (source, rows):
        traced = SqlTrace(rows.engine).read(ids.TradeId(trade_id))
    if traced is None:
        raise ConfigError(f"{trade_id}: there is no such trade ({source.where}); `arb trades` lists them")
    steps = steps_of(traced, source.home.logs)
    session_id = traced.trade["session_id"]
    if as_json:
        document = {
            "trade_id": trade_id,
            "session_id": session_id,
            "state": traced.trade["state"],
            "steps": steps,
        }
        tell(document, as_json, "")
        return
    console = Console()
    begun = shown(steps[0]["at_ns"], zone_of(utc))
    for text in head_lines(traced, zone_of(utc)):
        console.print(text, soft_wrap=True, highlight=False, markup=False)
    told = f"trade {trade_id} of session {session_id}, {traced.trade['state']}, begun {begun}"
    console.print(told, soft_wrap=True)
    Console(width=None if console.is_terminal else 180).print(trace_view(steps))
