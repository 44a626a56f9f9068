"""`arb soak`: run for long, and see what grows."""

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arb.cli.stack import say
from arb.stack.home import Home

if TYPE_CHECKING:
    from arb.domain.health.soak import SoakReport

Minutes = Annotated[float, typer.Option(help="How long; the first third is warm-up.", min=0.5, max=10_080)]
Seed = Annotated[int, typer.Option(help="Seed of the simulated market.", min=0)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


def register(app: typer.Typer) -> None:
    """Add this command to the `arb` command."""
    app.command()(soak)


def soak(minutes: Minutes = 30, seed: Seed = 42, as_json: AsJson = False) -> None:
    """Trade on a stack of its own for long. Exit 0 only if nothing grows and nothing went wrong."""
    from arb.app.demo import Interrupted
    from arb.app.start import Plan
    from arb.chaos import soak as operation
    from arb.stack.supervise import Lifetime
    from config.settings import load

    home = Home(Path(tempfile.mkdtemp(prefix="arb-soak-")))
    os.environ |= {"ARB_HOME": str(home.path), "ARB_MODE": "mock", "ARB_SIM__SEED": str(seed)}
    plan = Plan(home=home, settings=load("mock"), lifetime=Lifetime.CALLER, fresh=True)
    try:
        report = operation.run(plan, minutes, say)
    except Interrupted:
        raise typer.Exit(130) from None
    if report.passed:
        home.remove()
    else:
        say(f"logs are kept in {home.path}")
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2))
    else:
        _print(report)
    raise typer.Exit(0 if report.passed else 1)


def _print(report: "SoakReport") -> None:
    from rich.console import Console

    from arb.cli.views.soak import soak_view

    Console().print(soak_view(report))
