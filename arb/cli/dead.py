"""`arb dead`: messages that were given up: see them, send them again, or drop them."""

import json
from typing import Annotated, Any, Final

import typer

from arb.cli.risk import running_engine

Ids = Annotated[list[int] | None, typer.Argument(help="Numbers of letters, as `arb dead list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="Every letter that waits.")]
Everything = Annotated[bool, typer.Option("--all", help="Also those that were sent again.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
FAILED: Final = 1
BAD_USE: Final = 2

dead_app = typer.Typer(help="Messages that were given up: list, send again, drop.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group to the `arb` command."""
    app.add_typer(dead_app, name="dead")


@dead_app.command("list")
def list_dead(limit: Limit = 20, everything: Everything = False, as_json: AsJson = False) -> None:
    """List what was given up and waits for a decision."""
    from rich.console import Console

    from arb.cli.views.dead import dead_view

    rows = running_engine().stores.dead_letters.listed(limit, everything=everything)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif not rows:
        typer.echo("no dead letters wait")
    else:
        Console(width=None if Console().is_terminal else 160).print(dead_view(rows))


@dead_app.command()
def replay(ids: Ids = None, everything: All = False, as_json: AsJson = False) -> None:
    """Send letters again, each once. Exit 0 only if all were sent."""
    from arb.adapters.postgres.dead_letters import Replay
    from arb.app.dead import resend

    _check(ids, everything)
    store, clock = _stores()
    results = {each: store.replay(each, resend, clock.now_ns()) for each in _chosen(store, ids)}
    document = [
        {
            "dead_letter_id": each,
            "sent": how is Replay.SENT,
            "reason": "" if how is Replay.SENT else how.value,
        }
        for each, how in results.items()
    ]
    _tell(document, "sent", as_json)


@dead_app.command()
def drop(ids: Ids = None, everything: All = False, as_json: AsJson = False) -> None:
    """Delete letters for good. Exit 0 only if all were there."""
    _check(ids, everything)
    store, _ = _stores()
    document = []
    for each in _chosen(store, ids):
        there = bool(store.drop([each]))
        document.append(
            {
                "dead_letter_id": each,
                "dropped": there,
                "reason": "" if there else "there is no such dead letter",
            }
        )
    _tell(document, "dropped", as_json)


def _stores() -> tuple[Any, Any]:
    engine = running_engine()
    return engine.stores.dead_letters, engine.clock


def _check(ids: list[int] | None, everything: bool) -> None:
    if everything == bool(ids):
        typer.echo("arb: name the letters by their numbers, or say --all", err=True)
        raise typer.Exit(BAD_USE)


def _chosen(store: Any, ids: list[int] | None) -> list[int]:
    return list(dict.fromkeys(ids or store.waiting_ids()))


def _tell(document: list[dict[str, Any]], done: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        for each in document:
            typer.echo(f"{each['dead_letter_id']}: {each['reason'] or done}")
        if not document:
            typer.echo("no dead letters wait")
    if not all(each[done] for each in document):
        raise typer.Exit(FAILED)
