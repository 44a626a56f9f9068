"""`arb chaos state`: lose everything in every way, and show that state survives."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from arb.cli.chaos import chaos_app, tell
from arb.cli.stack import say
from arb.stack.home import Home

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document a scenario.")]
Rounds = Annotated[int, typer.Option(help="How often every process is killed.", min=0, max=1_000)]
NoStack = Annotated[bool, typer.Option("--no-stack", help="Only the scenarios that need no stack.")]


@chaos_app.command()
def state(as_json: AsJson = False, rounds: Rounds = 10, no_stack: NoStack = False) -> None:
    """Crashes, damaged snapshots, servers away. Exit 0 only if every scenario passed."""
    from arb.app.demo import Interrupted, interruptible
    from arb.app.start import Plan
    from arb.chaos.state import run_groups as chaos_groups
    from arb.chaos.state import run_state as chaos_state
    from arb.stack.supervise import Lifetime
    from config.settings import load

    home = Home(Path(tempfile.mkdtemp(prefix="arb-chaos-")))
    os.environ["ARB_HOME"] = str(home.path)
    plan = Plan(home=home, settings=load("mock"), lifetime=Lifetime.CALLER, fresh=True)
    try:
        with interruptible():
            passed = tell(chaos_state.on_servers(say), as_json)
            if not no_stack:
                passed &= tell(chaos_state.on_stack(plan, say, rounds), as_json)
                passed &= tell(chaos_groups.on_groups(home, say), as_json)
    except Interrupted:
        raise typer.Exit(130) from None
    if passed:
        home.remove()
    else:
        say(f"logs are kept in {home.path}")
    raise typer.Exit(0 if passed else 1)
