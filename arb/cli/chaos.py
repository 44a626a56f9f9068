"""Commands that break a stack on purpose: `arb chaos orders`, `market`, `ops`, `feeds`, `queue`, `state`.

The venues' own record judges whether it did harm. What a run leaves behind is removed if it passed.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from arb.cli.output import DONE, FAILED, INTERRUPTED, AsJsonOfTable, say, show, tell, tell_line
from arb.cli.stack import VenuePair
from arb.domain.errors import ConfigError
from arb.stack.home import CHECKOUT, Home

if TYPE_CHECKING:
    from arb.app.start import StackPlan
    from arb.chaos.scenario_result import ScenarioResult

OPS_FILE: Final = CHECKOUT / "config" / "chaos-ops.yml"
MARKET_FILE: Final = CHECKOUT / "config" / "chaos-market.yml"
ORDERS_FILE: Final = CHECKOUT / "config" / "chaos-orders.yml"

AsJsonLines = Annotated[bool, typer.Option("--json", help="Print one JSON document a scenario.")]
OrdersSeed = Annotated[int, typer.Option(help="Decides the faults, the kills and the market.", min=0)]
Trades = Annotated[int, typer.Option(help="How many trades to open before it ends.", min=1, max=100_000)]
Policy = Annotated[str, typer.Option(help="ours, or naive: an exception means failed, send a new order.")]
Keep = Annotated[bool, typer.Option("--keep", help="Keep its logs and journals, also if it passed.")]
OnlyTrip = Annotated[
    list[str] | None, typer.Option("--only", help="Only this trip; critical and venue_away are the last.")
]
FeedsSeed = Annotated[int, typer.Option(help="Decides who is hit, the market, and the dry runs.", min=0)]
OnlyDry = Annotated[bool, typer.Option("--no-stack", help="Only the dry runs, which need no stack.")]
QueueSeed = Annotated[int, typer.Option(help="Decides who is refused and when who is killed.", min=0)]
Quick = Annotated[bool, typer.Option("--quick", help="Fewer tasks and kills: some minutes less.")]
OnlyScenario = Annotated[
    list[str] | None, typer.Option("--only", help="Only this scenario; may be given again.")
]
MarketSeed = Annotated[int, typer.Option(help="Decides the market and the faults' dice.", min=0)]
ListThem = Annotated[bool, typer.Option("--list", help="Say what each scenario is, and run none.")]
Plant = Annotated[str, typer.Option(help="Falsify our books in the last one, fill or fee: it has to fail.")]
Rounds = Annotated[int, typer.Option(help="How often every process is killed.", min=0, max=1_000)]
NoStack = Annotated[bool, typer.Option("--no-stack", help="Only the scenarios that need no stack.")]
Minutes = Annotated[float, typer.Option(help="How long; the first third is warm-up.", min=0.5, max=10_080)]
SoakSeed = Annotated[int, typer.Option(help="Seed of the simulated market.", min=0)]

chaos_app = typer.Typer(help="Break it on purpose, then judge by the venues' record.", no_args_is_help=True)


@chaos_app.command()
def orders(
    seed: OrdersSeed = 1,
    trades: Trades = 200,
    policy: Policy = "ours",
    pair: VenuePair = None,
    as_json: AsJsonOfTable = False,
    keep: Keep = False,
) -> None:
    """Order faults and kills at random, on a stack of its own. Exit 0 only if nothing was lost or doubled.

    Example: arb chaos orders --seed 7 --trades 50
    """
    if policy not in ("ours", "naive"):
        raise ConfigError(f"--policy: {policy!r} is neither ours nor naive")
    say(f"seed {seed}")
    home = _new_home("arb-chaos-")
    variables = {"ARB_CONFIG": str(ORDERS_FILE), "ARB_SIM__SEED": str(seed)}
    if pair is not None:
        variables["ARB_PAIR"] = pair
    document = (_ours if policy == "ours" else _naive)(home, variables, seed, trades)
    if not keep and (document["verdict"] or policy == "naive"):
        home.remove()
    else:
        say(f"logs and the venues' journals are kept in {home.path}")
    _show(document, as_json)
    _end(document["verdict"])


def _ours(home: Home, variables: dict[str, str], seed: int, trades: int) -> dict[str, Any]:
    from arb.chaos.orders import run_orders

    with _interruptions():
        return run_orders.run(_plan(home, variables), seed, trades, say).as_json()


def _naive(home: Home, variables: dict[str, str], seed: int, trades: int) -> dict[str, Any]:
    from arb.chaos.orders import run_baseline

    return run_baseline.run(home, _plan(home, variables).settings, seed, trades, say).as_json()


def _show(document: dict[str, Any], as_json: bool) -> None:
    from arb.cli.views.chaos import chaos_view

    show(document, as_json, lambda: chaos_view(document))


@chaos_app.command()
def market(
    seed: MarketSeed = 1,
    as_json: AsJsonLines = False,
    only: OnlyScenario = None,
    list_them: ListThem = False,
    plant: Plant = "",
    keep: Keep = False,
) -> None:
    """Break the market. Exit 0 only if what was booked was real, and all stayed within its ceilings.

    Example: arb chaos market --list
    """
    from arb.chaos.market.plant import PLANTS
    from arb.chaos.market.scenarios import BY_NAME, SCENARIOS

    if list_them:
        for scenario in SCENARIOS:
            typer.echo(f"{scenario.name:<24}{scenario.what} ({scenario.hold_s:.0f} s)")
        return
    if unknown := [name for name in only or () if name not in BY_NAME]:
        raise ConfigError(f"--only: no scenario {unknown[0]}; there are {', '.join(BY_NAME)}")
    if plant and plant not in PLANTS:
        raise ConfigError(f"--plant: {plant!r} is none of {', '.join(PLANTS)}")
    from arb.chaos.market.run_market import MarketTerms, run

    chosen = [scenario for scenario in SCENARIOS if not only or scenario.name in only]
    terms = MarketTerms(seed=seed, scenarios=chosen, plant=plant)
    say(f"seed {seed}")
    home, passed = _new_home("arb-chaos-market-"), True
    plan = _plan(home, {"ARB_CONFIG": str(MARKET_FILE), "ARB_SIM__SEED": str(seed)})
    with _interruptions():
        for measured in run(plan, terms.scaled(len(SCENARIOS)), say):
            tell_line(measured.as_json(), as_json, measured.text())
            passed &= measured.passed
    _clear(home, passed and not keep)
    _end(passed)


@chaos_app.command()
def ops(only: OnlyTrip = None, as_json: AsJsonOfTable = False, keep: Keep = False) -> None:
    """Trip the watchdog for real, on a stack of its own. Exit 0 only if all was told in time.

    Example: arb chaos ops --json
    """
    from arb.chaos.ops import run_ops
    from arb.chaos.ops.faults import small_disk
    from arb.cli.views.chaos import ops_text

    home = _new_home("arb-chaos-ops-")
    with tempfile.TemporaryDirectory(prefix="arb-small-disk-") as place, small_disk(Path(place)) as disk:
        variables = {"ARB_CONFIG": str(OPS_FILE)}
        if disk is not None:
            variables["ARB_WATCHDOG__DISK_PATHS"] = str(disk)
        with _interruptions():
            document = run_ops.run(_plan(home, variables), disk, tuple(only or ()), say)
    if document["verdict"] and not keep:
        home.remove()
    else:
        _kept(home)
    tell(document, as_json, ops_text(document))
    _end(document["verdict"])


@chaos_app.command()
def feeds(seed: FeedsSeed = 1, as_json: AsJsonLines = False, no_stack: OnlyDry = False) -> None:
    """Kill and freeze feed workers; replay decisions. Exit 0 only if every scenario passed.

    Example: arb chaos feeds --no-stack
    """
    from arb.app.demo import interruptible
    from arb.chaos.feeds import run_feeds

    say(f"seed {seed}")
    home = _new_home("arb-chaos-")

    def outcomes() -> "Iterator[ScenarioResult]":
        yield run_feeds.dry_runs(seed, say)
        if not no_stack:
            variables = {
                "ARB_FEED__WORKERS": str(len(run_feeds.WORKERS)),
                "ARB_LOGS__FORMAT": "json",
                "ARB_SIM__SEED": str(seed),
            }
            yield from run_feeds.on_stack(_plan(home, variables), seed, say)

    with _interruptions(), interruptible():
        passed = _tell(outcomes(), as_json)
    _clear(home, passed)
    _end(passed)


@chaos_app.command()
def queue(
    seed: QueueSeed = 1, as_json: AsJsonLines = False, quick: Quick = False, only: OnlyScenario = None
) -> None:
    """Brokers that refuse, end, hang and fill up; workers killed. Exit 0 only if every scenario passed.

    Example: arb chaos queue --quick
    """
    from arb.app.demo import interruptible
    from arb.chaos.queue import run_queue

    terms = run_queue.QueueTerms(seed=seed, quick=quick, progress=say, only=tuple(only or ()))
    unknown = sorted(set(terms.only) - set(run_queue.NAMES))
    if unknown:
        raise ConfigError(f"--only: no scenario {unknown[0]}; there are {', '.join(run_queue.NAMES)}")
    say(f"seed {seed}")
    with _interruptions(), interruptible():
        passed = _tell(run_queue.run(terms), as_json)
    _end(passed)


@chaos_app.command()
def state(as_json: AsJsonLines = False, rounds: Rounds = 10, no_stack: NoStack = False) -> None:
    """Crashes, damaged snapshots, servers away. Exit 0 only if every scenario passed.

    Example: arb chaos state --rounds 3
    """
    from arb.app.demo import interruptible
    from arb.chaos.state import run_groups, run_state

    home = _new_home("arb-chaos-")
    plan = _plan(home, {})
    with _interruptions(), interruptible():
        passed = _tell(run_state.on_servers(say), as_json)
        if not no_stack:
            passed &= _tell(run_state.on_stack(plan, say, rounds), as_json)
            passed &= _tell(run_groups.on_groups(home, say), as_json)
    _clear(home, passed)
    _end(passed)


def soak(minutes: Minutes = 30, seed: SoakSeed = 42, as_json: AsJsonOfTable = False) -> None:
    """Trade on a stack of its own for long. Exit 0 only if nothing grows and nothing went wrong.

    Example: arb soak --minutes 30
    """
    from arb.chaos import soak as operation

    home = _new_home("arb-soak-")
    with _interruptions():
        plan = _plan(home, {"ARB_MODE": "mock", "ARB_SIM__SEED": str(seed)})
        report = operation.run(plan, minutes, say)
    _clear(home, report.passed)
    from arb.cli.views.chaos import soak_view

    show(report.as_json(), as_json, lambda: soak_view(report))
    _end(report.passed)


def _new_home(prefix: str) -> Home:
    return Home(Path(tempfile.mkdtemp(prefix=prefix)))


def _plan(home: Home, variables: dict[str, str]) -> "StackPlan":
    """Return what to run; its settings are in force for this process and all that it starts."""
    from arb.app.start import StackPlan
    from arb.stack.supervise import Lifetime
    from config.settings import load

    os.environ |= {"ARB_HOME": str(home.path), **variables}
    return StackPlan(home=home, settings=load("mock"), lifetime=Lifetime.CALLER, fresh=True)


@contextmanager
def _interruptions() -> Iterator[None]:
    """End the command where it was interrupted."""
    from arb.app.demo import StopRequested

    try:
        yield
    except StopRequested:
        raise typer.Exit(INTERRUPTED) from None


def _tell(outcomes: "Iterable[ScenarioResult]", as_json: bool) -> bool:
    """Print a line for each scenario as it ends; tell whether all passed."""
    passed = True
    for outcome in outcomes:
        mark = "passed" if outcome.passed else "FAILED"
        line = f"{mark}  {outcome.recovery_s:7.2f} s  {outcome.name}: {outcome.detail}"
        tell_line(outcome.as_json(), as_json, line)
        passed &= outcome.passed
    return passed


def _clear(home: Home, passed: bool) -> None:
    """Remove what a run left that passed."""
    if passed:
        home.remove()
    else:
        _kept(home)


def _kept(home: Home) -> None:
    say(f"logs are kept in {home.path}")


def _end(passed: bool) -> None:
    raise typer.Exit(DONE if passed else FAILED)
