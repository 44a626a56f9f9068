"""The commands about what is held: `arb positions`, `arb balances`, `arb pnl`."""

import typer

from arb.cli.output import AsJson, show
from arb.cli.risk import running_engine


def register(app: typer.Typer) -> None:
    """Add these commands to the `arb` command."""
    for command in (positions, balances, pnl):
        app.command()(command)


def positions(as_json: AsJson = False) -> None:
    """Show what open trades hold of each coin on both venues, and what of it is not hedged."""
    engine = running_engine()
    from arb.app.judge import report_of
    from arb.cli.views import accounts

    active = engine.trades.active(engine.session_id)
    rows = accounts.positions(active, report_of(engine).run({}).by_coin)
    show(rows, as_json, lambda: accounts.positions_view(rows))


def balances(as_json: AsJson = False) -> None:
    """Show what each venue should hold by the ledger; `arb reconcile` compares it with the venues."""
    engine = running_engine()
    from arb.cli.views import accounts

    rows = accounts.balances(engine.trades.balances(engine.session_id), engine.trades.free(engine.session_id))
    show(rows, as_json, lambda: accounts.balances_view(rows))


def pnl(as_json: AsJson = False) -> None:
    """Show the profit of the running session: by coin, by day, and in all."""
    engine = running_engine()
    from arb.app.judge import performance_of, report_of
    from arb.cli.views import accounts

    found = accounts.profit(report_of(engine).run({}).as_json() | performance_of(engine).as_json())
    show(found, as_json, lambda: accounts.profit_view(found))
