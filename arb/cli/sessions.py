"""The commands about sessions and what they hold.

`arb sessions` lists and compares them, `arb resume` goes on with one; `arb positions`, `balances` and `pnl`
are about the one in use, or any other one that is kept.
"""

from functools import partial
from typing import Annotated

import typer

from arb.cli import reads
from arb.cli.compare import compare
from arb.cli.moments import zone_of
from arb.cli.output import AsJson, show
from arb.cli.reads import From, OfSession, ReadRequest, To, Utc
from arb.cli.stack import Beside, Coins, Group

Chosen = Annotated[str | None, typer.Argument(help="Which session; without it the one in use.")]
Mode = Annotated[str, typer.Option(help="mock, paper or live.")]


sessions_app = typer.Typer(help="List the sessions of every mode side by side; compare two of them.")
sessions_app.command()(compare)


@sessions_app.callback(invoke_without_command=True)
def sessions(context: typer.Context, utc: Utc = False, as_json: AsJson = False) -> None:
    """List the sessions of every mode side by side, the newest first, with what they traded.

    Example: arb sessions --utc
    """
    if context.invoked_subcommand is not None:
        return
    from arb.adapters.postgres.snapshots import SqlSnapshotStore
    from arb.cli.views.sessions import session_row, sessions_view

    with reads.everything() as (source, rows):
        snapshots = SqlSnapshotStore(rows.engine)
        found = [session_row(each, snapshots.latest(each.session.session_id)) for each in rows.sessions()]
    show({"sessions": found}, as_json, lambda: sessions_view(found, source.where, zone_of(utc)))


def resume(
    session: Chosen = None,
    mode: Mode = "mock",
    group: Group = None,
    coins: Coins = None,
    beside: Beside = None,
    as_json: AsJson = False,
) -> None:
    """Start the stack and go on with a session: the one in use, or any other one that is kept.

    Example: arb resume --mode paper
    """
    from arb.cli.stack import up

    up(mode=mode, session=session, group=group, coins=coins, beside=beside, as_json=as_json)


def positions(
    session: OfSession = None, since: From = None, until: To = None, utc: Utc = False, as_json: AsJson = False
) -> None:
    """Show what trades hold of each coin on both venues, and what of it is not hedged, escalated or not.

    Example: arb positions --json
    """
    from arb.adapters.postgres.report import SqlReportStore
    from arb.app.kept import at_risk
    from arb.cli.views import accounts
    from arb.domain.ledger.report import make_report

    with reads.kept(ReadRequest(session=session, since=since, until=until, utc=utc)) as kept:
        totals = SqlReportStore(kept.database).totals(kept.session_id)
        lines = make_report(totals, reads.prices(kept), {}, {}, None).by_coin if kept.span.is_whole else ()
        views = at_risk(kept)
    venues = accounts.venues_of(views)
    rows = accounts.positions(views, lines, venues)
    view = partial(accounts.positions_view, rows, venues)
    reads.present(kept, {"positions": rows}, utc, as_json, view)


def balances(
    session: OfSession = None, since: From = None, until: To = None, utc: Utc = False, as_json: AsJson = False
) -> None:
    """Show what each venue should hold by the ledger; `arb reconcile` compares it with the venues.

    With --to as it was then, with --from also what came and went since.

    Example: arb balances --to 2026-06-30
    """
    from arb.adapters.postgres.kept import SqlKept
    from arb.cli.views import accounts

    with reads.kept(ReadRequest(session=session, since=since, until=until, utc=utc)) as kept:
        if kept.span.is_whole:
            held, free = kept.trades.balances(kept.session_id), kept.trades.free(kept.session_id)
            rows = accounts.balances(held, free)
        else:
            rows = accounts.moved(SqlKept(kept.database).balances(kept.session_id, kept.span))
    reads.present(kept, {"balances": rows}, utc, as_json, partial(accounts.balances_view, rows))


def pnl(
    session: OfSession = None, since: From = None, until: To = None, utc: Utc = False, as_json: AsJson = False
) -> None:
    """Show the profit of a session: by coin, by day, and in all.

    Example: arb pnl --from 2026-01-01 --to 2026-12-31
    """
    from arb.app.kept import report_document
    from arb.cli.views import accounts

    with reads.kept(ReadRequest(session=session, since=since, until=until, utc=utc)) as kept:
        document = report_document(kept, reads.prices(kept), zone_of(utc))
    found = accounts.profit(document)
    reads.present(kept, found, utc, as_json, partial(accounts.profit_view, found))
