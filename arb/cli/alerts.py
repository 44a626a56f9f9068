"""`arb alerts`: see what was raised, say that it was seen, and try the channels."""

import json
from typing import Annotated

import typer

from arb.cli.output import AsJson, tell
from arb.cli.risk import running_engine

Ids = Annotated[list[int] | None, typer.Argument(help="Numbers of alerts, as `arb alerts list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="Every alert that nobody has seen yet.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")]
FAILED = 1
BAD_USE = 2

alerts_app = typer.Typer(help="See, acknowledge and test alerts.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group to the `arb` command."""
    app.add_typer(alerts_app, name="alerts")


@alerts_app.command("list")
def list_alerts(limit: Limit = 20, as_json: AsJson = False) -> None:
    """List the newest alerts; a star marks those that nobody has seen."""
    from rich.console import Console

    from arb.cli.views.alerts import alerts_view

    rows = running_engine().stores.alerts.newest(limit)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        Console(width=None if Console().is_terminal else 160).print(alerts_view(rows))


@alerts_app.command()
def ack(ids: Ids = None, everything: All = False, as_json: AsJson = False) -> None:
    """Say that alerts were seen."""
    if everything == bool(ids):
        typer.echo("arb: name the alerts by their numbers, or say --all", err=True)
        raise typer.Exit(BAD_USE)
    engine = running_engine()
    seen = engine.stores.alerts.acknowledge(None if everything else ids, engine.clock.now_ns())
    tell({"acknowledged": seen}, as_json, f"{seen} acknowledged")


@alerts_app.command()
def test(as_json: AsJson = False) -> None:
    """Send one alert through every channel that is configured. Exit 0 only if all took it."""
    from arb.adapters.local.clock import SystemClock
    from arb.app.watch import alert_file, channels_of
    from arb.domain.health.alert import Alert, Severity
    from config.settings import load

    trial = Alert(
        kind="test",
        subject="operator",
        severity=Severity.INFO,
        message="this is a test of the alert channels",
        at_ns=SystemClock().now_ns(),
    )
    results = {channel.name: channel.send(trial) for channel in channels_of(load())}
    document = {
        "channels": [{"name": name, "ok": not why, "reason": why} for name, why in results.items()],
        "file": str(alert_file()),
    }
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        for name, why in results.items():
            typer.echo(f"{name}: {why or 'taken'}")
        if not results:
            typer.echo("no channel is configured: set alerts.urls or alerts.webhook_url")
        typer.echo(f"file: {alert_file()} has every alert")
    raise typer.Exit(FAILED if any(results.values()) else 0)
