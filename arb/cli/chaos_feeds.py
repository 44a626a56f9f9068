"""`arb chaos feeds`: feed workers die, freeze and come back, and no zombie's quote is traded on."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from arb.chaos.outcome import Outcome
from arb.cli.chaos import chaos_app, tell
from arb.cli.stack import say
from arb.stack.home import Home

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document a scenario.")]
Seed = Annotated[int, typer.Option(help="Decides who is hit, the market, and the dry runs.", min=0)]
NoStack = Annotated[bool, typer.Option("--no-stack", help="Only the dry runs, which need no stack.")]


@chaos_app.command()
def feeds(seed: Seed = 1, as_json: AsJson = False, no_stack: NoStack = False) -> None:
    """Kill and freeze feed workers; replay decisions. Exit 0 only if every scenario passed."""
    from arb.app.demo import Interrupted, interruptible
    from arb.app.start import Plan
    from arb.chaos.feeds import run_feeds as chaos_feeds
    from arb.stack.supervise import Lifetime
    from config.settings import load

    say(f"seed {seed}")
    home = Home(Path(tempfile.mkdtemp(prefix="arb-chaos-")))

    def outcomes() -> Iterator[Outcome]:
        yield chaos_feeds.dry_runs(seed, say)
        if not no_stack:
            os.environ |= {
                "ARB_HOME": str(home.path),
                "ARB_FEED__WORKERS": str(len(chaos_feeds.WORKERS)),
                "ARB_LOGS__FORMAT": "json",
                "ARB_SIM__SEED": str(seed),
            }
            plan = Plan(home=home, settings=load("mock"), lifetime=Lifetime.CALLER, fresh=True)
            yield from chaos_feeds.on_stack(plan, seed, say)

    try:
        with interruptible():
            passed = tell(outcomes(), as_json)
    except Interrupted:
        raise typer.Exit(130) from None
    if passed:
        home.remove()
    else:
        say(f"logs are kept in {home.path}")
    raise typer.Exit(0 if passed else 1)
