"""`arb chaos queue`: refuse, kill, stop and cut off whatever carries tasks, and show that none is lost."""

from typing import Annotated

import typer

from arb.cli.chaos import chaos_app, tell
from arb.cli.stack import say
from arb.domain.errors import ConfigError

Seed = Annotated[int, typer.Option(help="Decides who is refused and when who is killed.", min=0)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document a scenario.")]
Quick = Annotated[bool, typer.Option("--quick", help="Fewer tasks and kills: some minutes less.")]
Only = Annotated[list[str] | None, typer.Option(help="Only this scenario; may be given again.")]


@chaos_app.command()
def queue(seed: Seed = 1, as_json: AsJson = False, quick: Quick = False, only: Only = None) -> None:
    """Brokers that refuse, end, hang and fill up; workers killed. Exit 0 only if every scenario passed."""
    from arb.app.demo import Interrupted, interruptible
    from arb.chaos.queue import run_queue as chaos_queue

    terms = chaos_queue.Terms(seed=seed, quick=quick, progress=say, only=tuple(only or ()))
    unknown = sorted(set(terms.only) - set(chaos_queue.NAMES))
    if unknown:
        raise ConfigError(f"--only: no scenario {unknown[0]}; there are {', '.join(chaos_queue.NAMES)}")
    say(f"seed {seed}")
    try:
        with interruptible():
            passed = tell(chaos_queue.run(terms), as_json)
    except Interrupted:
        raise typer.Exit(130) from None
    raise typer.Exit(0 if passed else 1)
