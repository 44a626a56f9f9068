"""`arb chaos`: break it on purpose, and have the venues say whether it did harm."""

import json
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arb.cli.stack import say
from arb.domain.errors import ConfigError
from arb.stack.home import CHECKOUT, Home

if TYPE_CHECKING:
    from arb.chaos.outcome import Outcome
    from config.settings import Settings

OPS_FILE = CHECKOUT / "config" / "chaos-ops.yml"
SETTINGS_FILE = CHECKOUT / "config" / "chaos-orders.yml"

Seed = Annotated[int, typer.Option(help="Decides the faults, the kills and the market.", min=0)]
Trades = Annotated[int, typer.Option(help="How many trades to open before it ends.", min=1, max=100_000)]
Policy = Annotated[str, typer.Option(help="ours, or naive: an exception means failed, send a new order.")]
Only = Annotated[list[str] | None, typer.Option(help="Only this trip; critical is the last.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
Keep = Annotated[bool, typer.Option("--keep", help="Keep its logs and journals, also if it passed.")]

chaos_app = typer.Typer(help="Break it on purpose, then judge by the venues' record.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group to the `arb` command."""
    app.add_typer(chaos_app, name="chaos")


@chaos_app.callback()
def chaos() -> None:
    """Break it on purpose, then judge by the venues' record."""
    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # documents go to stdout


@chaos_app.command()
def orders(
    seed: Seed = 1,
    trades: Trades = 200,
    policy: Policy = "ours",
    as_json: AsJson = False,
    keep: Keep = False,
) -> None:
    """Order faults and kills at random, on a stack of its own. Exit 0 only if nothing was lost or doubled."""
    if policy not in ("ours", "naive"):
        raise ConfigError(f"--policy: {policy!r} is neither ours nor naive")
    say(f"seed {seed}")
    home = Home(Path(tempfile.mkdtemp(prefix="arb-chaos-")))
    document = _ours(home, seed, trades) if policy == "ours" else _naive(home, seed, trades)
    if not keep and (document["verdict"] or policy == "naive"):
        home.remove()
    else:
        say(f"logs and the venues' journals are kept in {home.path}")
    _show(document, as_json)
    raise typer.Exit(0 if document["verdict"] else 1)


@chaos_app.command()
def ops(only: Only = None, as_json: AsJson = False, keep: Keep = False) -> None:
    """Trip the watchdog for real, on a stack of its own. Exit 0 only if all was told in time."""
    from arb.chaos.ops.trips import small_disk
    from arb.cli.views.ops import ops_text

    home = Home(Path(tempfile.mkdtemp(prefix="arb-chaos-ops-")))
    with tempfile.TemporaryDirectory(prefix="arb-small-disk-") as place, small_disk(Path(place)) as disk:
        document = _ops(home, disk, tuple(only or ()))
    if document["verdict"] and not keep:
        home.remove()
    else:
        say(f"logs are kept in {home.path}")
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2) if as_json else ops_text(document))
    raise typer.Exit(0 if document["verdict"] else 1)


def _ops(home: Home, disk: Path | None, only: tuple[str, ...]) -> dict[str, Any]:
    from arb.app.demo import Interrupted
    from arb.app.start import Plan
    from arb.chaos.ops import run_ops as chaos_ops
    from arb.stack.supervise import Lifetime
    from config.settings import load

    os.environ |= {"ARB_HOME": str(home.path), "ARB_CONFIG": str(OPS_FILE)}
    if disk is not None:
        os.environ["ARB_WATCHDOG__DISK_PATHS"] = str(disk)
    plan = Plan(home=home, settings=load("mock"), lifetime=Lifetime.CALLER, fresh=True)
    try:
        return chaos_ops.run(plan, disk, only, say)
    except Interrupted:
        raise typer.Exit(130) from None


def _ours(home: Home, seed: int, trades: int) -> dict[str, Any]:
    from arb.app.demo import Interrupted
    from arb.app.start import Plan
    from arb.chaos.orders import run_orders as chaos_orders
    from arb.stack.supervise import Lifetime

    plan = Plan(home=home, settings=_settings(home, seed), lifetime=Lifetime.CALLER, fresh=True)
    try:
        return chaos_orders.run(plan, seed, trades, say).as_json()
    except Interrupted:
        raise typer.Exit(130) from None


def _naive(home: Home, seed: int, trades: int) -> dict[str, Any]:
    from arb.chaos.orders import run_baseline as chaos_baseline

    settings = _settings(home, seed)
    return chaos_baseline.run(home, settings, seed, trades, say).as_json()


def _settings(home: Home, seed: int) -> "Settings":
    """Return the run's settings, in force for this process and all that it starts."""
    from config.settings import load

    os.environ |= {
        "ARB_HOME": str(home.path),
        "ARB_CONFIG": str(SETTINGS_FILE),
        "ARB_SIM__SEED": str(seed),
    }
    return load("mock")


def tell(outcomes: Iterable["Outcome"], as_json: bool) -> bool:
    """Print a line for each scenario as it ends; tell whether all passed."""
    passed = True
    for outcome in outcomes:
        mark = "passed" if outcome.passed else "FAILED"
        line = f"{mark}  {outcome.recovery_s:7.2f} s  {outcome.name}: {outcome.detail}"
        typer.echo(json.dumps(outcome.as_json(), ensure_ascii=False) if as_json else line)
        passed &= outcome.passed
    return passed


def _show(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    from rich.console import Console

    from arb.cli.views.chaos import chaos_view

    Console().print(chaos_view(document))
