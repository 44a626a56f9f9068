"""`arb trace`: the life of one trade, across all processes."""

import json
from typing import Annotated

import typer

from arb.cli.risk import running_engine
from arb.domain.errors import ConfigError
from arb.stack.home import Home

TradeId = Annotated[str, typer.Argument(metavar="TRADE_ID", help="As `arb trades` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


def register(app: typer.Typer) -> None:
    """Add the command to the `arb` command."""
    app.command()(trace)


def trace(trade_id: TradeId, as_json: AsJson = False) -> None:
    """Print the life of one trade: quotes, decision, intents, requests, fills, ledger, PnL, log lines."""
    from rich.console import Console

    from arb.adapters.postgres.trace import SqlTrace
    from arb.cli.views.trace import begun, steps_of, trace_view
    from arb.domain.market import ids

    traced = SqlTrace(running_engine().trades.engine).read(ids.TradeId(trade_id))
    if traced is None:
        raise ConfigError(f"{trade_id}: there is no such trade; `arb trades` lists them")
    steps = steps_of(traced, Home.default().logs)
    if as_json:
        document = {"trade_id": trade_id, "state": traced.trade["state"], "steps": steps}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(f"trade {trade_id}  {traced.trade['state']}  begun {begun(steps[0])}")
    Console(width=None if console.is_terminal else 180).print(trace_view(steps))
