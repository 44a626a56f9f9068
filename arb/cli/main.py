"""The `arb` command. What a command needs is imported when it runs, so that help comes at once."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

import arb.cli.chaos_feeds
import arb.cli.chaos_queue
import arb.cli.chaos_state  # noqa: F401 - adds `arb chaos state`
from arb.cli.accounts import register as register_accounts
from arb.cli.alerts import register as register_alerts
from arb.cli.chaos import register as register_chaos
from arb.cli.dead import register as register_dead
from arb.cli.desk import register as register_desk
from arb.cli.doctor.command import register as register_doctor
from arb.cli.output import AsJson, show, tell
from arb.cli.risk import register as register_risk
from arb.cli.serve import register as register_serve
from arb.cli.sessions import register as register_sessions
from arb.cli.soak import register as register_soak
from arb.cli.stack import demo_home, register
from arb.cli.trace import register as register_trace
from arb.domain.errors import ConfigError, DispatchError, StoreUnavailable, VenueError
from arb.stack.errors import StackError, StackNotRunning
from arb.stack.home import Home, read_runtime

if TYPE_CHECKING:
    from arb.app.engines import Engine

FAILED: Final = 1
BAD_CONFIGURATION: Final = 2
NOT_RUNNING: Final = 3

app = typer.Typer(
    help="Cross-exchange arbitrage between Upbit (KRW) and Binance (USDT).",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="Show or check the configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")

Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many, the newest first.")]
HtmlFile = Annotated[Path | None, typer.Option("--html", help="Write it with plots into this file.")]
Mode = Annotated[str | None, typer.Option(help="mock, paper or live; else the mode in force here.")]


def main() -> None:
    """Run the command line; what the user can mend ends as one line and an exit code."""
    try:
        app()
    except StackNotRunning as error:
        _fail(error, NOT_RUNNING)
    except ConfigError as error:
        _fail(error, BAD_CONFIGURATION)
    except (StackError, StoreUnavailable, VenueError, DispatchError) as error:
        _fail(error, FAILED)


def _fail(error: Exception, code: int) -> NoReturn:
    typer.echo(f"arb: {error}", err=True)
    sys.exit(code)


@app.command()
def report(as_json: AsJson = False, html: HtmlFile = None) -> None:
    """Report trades, fees, profit and the invariants: of the running session, else of the last run."""
    from arb.app.judge import last_report, look
    from arb.cli.views.report import report_view

    try:
        document = look(_running()).as_json()
    except StackNotRunning as error:
        found = last_report((Home.default(), demo_home()))
        if found is None:
            _fail(StackError(f"{error}; no run has ended there yet"), FAILED)
        document = found
    if html is not None:
        from arb.cli.views.report_html import report_html

        html.write_text(report_html(document), encoding="utf-8")
        typer.echo(f"arb: wrote {html}", err=True)
        return
    show(document, as_json, lambda: report_view(document))


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check every invariant against the running stack; exit status 0 only if all hold."""
    from arb.app.judge import check_of
    from arb.cli.views.findings import findings_view

    findings = check_of(_running()).run()
    show(findings.as_json(), as_json, lambda: findings_view(findings))
    if not findings.all_hold:
        raise typer.Exit(FAILED)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show the running stack: processes, mode, session, queues."""
    home = _running_home()
    from arb.cli.views.status import status_of, status_view

    found = status_of(home)
    show(found, as_json, lambda: status_view(found))


@app.command()
def trades(limit: Limit = 20, as_json: AsJson = False) -> None:
    """List the newest trades."""
    engine = _running()
    from arb.cli.views.listing import newest_trades, trades_view

    rows = newest_trades(engine.stores.trades.engine, engine.session_id, limit)
    show(rows, as_json, lambda: trades_view(rows, engine.clock.now_ns()))


@app.command()
def orders(limit: Limit = 20, as_json: AsJson = False) -> None:
    """List the newest orders."""
    engine = _running()
    from arb.cli.views.listing import newest_orders, orders_view

    rows = newest_orders(engine.stores.trades.engine, engine.session_id, limit)
    show(rows, as_json, lambda: orders_view(rows))


@app.command()
def snapshot(as_json: AsJson = False) -> None:
    """Take a snapshot of the running session now."""
    engine = _running()
    from arb.domain.state.snapshot import SnapshotKind

    slot = engine.take_snapshot.run(SnapshotKind.MANUAL)
    tell({"slot": slot}, as_json, slot or "another process took one at this moment")


@config_app.command("show")
def config_show(mode: Mode = None, as_json: AsJson = False) -> None:
    """Print the settings in force; secrets are masked."""
    from arb.cli.views.settings_view import settings_tree, settings_yaml
    from config.settings import load

    settings = load(mode)
    tell(settings_tree(settings), as_json, settings_yaml(settings).rstrip())


@config_app.command("validate")
def config_validate(mode: Mode = None, as_json: AsJson = False) -> None:
    """Check the settings; exit status 0 if a stack could start with them."""
    from config.settings import load

    found = load(mode).mode.value
    tell({"mode": found, "valid": True}, as_json, f"the {found} settings are in order")


def _running() -> "Engine":
    """Return the engine of the stack that runs. Raises: StackNotRunning, ConfigError, StoreUnavailable."""
    if "ARB_DATABASE_URL" not in os.environ:
        _running_home()
    from arb.app.engines import engine

    return engine()


def _running_home() -> Home:
    """Return the home of the stack that runs, which may be the demo's. Raises: StackNotRunning."""
    home, demonstration = Home.default(), demo_home()
    if not _runs(home) and _runs(demonstration):
        home = demonstration
    read_runtime(home)
    os.environ["ARB_HOME"] = str(home.path)  # the settings are those of that stack
    return home


def _runs(home: Home) -> bool:
    try:
        read_runtime(home)
    except StackNotRunning:
        return False
    return True


register(app)
register_sessions(app)
register_accounts(app)
register_chaos(app)
register_alerts(app)
register_dead(app)
register_trace(app)
register_doctor(app)
register_risk(app)
register_serve(app)
register_desk(app)
register_soak(app)
