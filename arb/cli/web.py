"""The commands that watch a running stack: `arb top` in a terminal, `arb web` in a browser, `arb feeds`."""

from typing import Annotated

import typer

from arb.cli import running
from arb.cli.moments import zone_of
from arb.cli.output import AsJson, show, tell
from arb.cli.reads import Utc

Once = Annotated[bool, typer.Option("--once", help="Show it once and end.")]
Port = Annotated[int, typer.Option(help="Serve one more page here, on this port.", min=1, max=65_535)]
Moves = Annotated[int, typer.Option(min=0, max=1_000, help="How many moves, the newest first.")]


def top(once: Once = False, as_json: AsJson = False) -> None:
    """Watch the running stack until Ctrl-C; in a pipe, a line every few seconds, JSON if asked for.

    Example: arb top --once
    """
    from arb.app.demo import StopRequested, interruptible

    # From here on: what comes while something is imported would be lost, see `interruptible`.
    try:
        with interruptible():
            found = running.attach()
            engine = found.engine()
            from arb.cli.views.live import show_live

            show_live(engine, found.home, engine.clock, 0 if once else None, as_json=as_json)
    except StopRequested:
        return


def feeds(moves: Moves = 10, utc: Utc = False, as_json: AsJson = False) -> None:
    """Show the feed workers, which coins each feeds, and the last moves.

    Example: arb feeds --moves 20
    """
    engine = running.engine()
    from arb.cli.views.feeds import feeds_of, feeds_view

    found = feeds_of(engine.stores.feeds, engine.settings.traded, moves, engine.clock.now_ns())
    show(found, as_json, lambda: feeds_view(found, zone_of(utc)))


def web(port: Port | None = None, as_json: AsJson = False) -> None:
    """Say where the page of the running stack is; with --port, serve one from here.

    Example: arb web --port 8080
    """
    stack = running.attach()
    if port is not None:
        _serve(stack, port)
        return
    runtime = stack.supervised()

    found = {
        "url": runtime.web_url,
        "password_file": runtime.web_credentials,
        "metrics_url": f"{runtime.web_url}/metrics",
        "metrics_token_file": str(stack.home.metrics_token_file),
    }
    tell(found, as_json, "\n".join(f"{name:20}{value}" for name, value in found.items()))


def _serve(stack: running.Running, port: int) -> None:
    from arb.web.serve import serve
    from config.settings import load

    settings = load(stack.engine().settings.mode).web
    typer.echo(f"serving on http://{settings.host}:{port}", err=True)
    serve(settings, stack.home, port)
