"""How a command says what it found: one JSON document, or what a person reads; and its exit codes.

Every document begins with the name and the version of its shape; `arb.cli.shapes` is the table of them.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.main import get_current_context  # type: ignore[attr-defined]  # of the click inside it

from arb.cli.shapes import version_of

if TYPE_CHECKING:
    from rich.console import RenderableType

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
AsJsonOfTable = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
DONE: Final = 0
FAILED: Final = 1
BAD_USE: Final = 2
NOT_RUNNING: Final = 3
INTERRUPTED: Final = 130  # as a shell says of SIGINT
EXIT_CODES: Final = {
    DONE: "done, and what was asked holds",
    FAILED: "it does not hold: an invariant is broken, venues and ledger differ, a channel failed, "
    "a store is away, a disk is full",
    BAD_USE: "wrong use, an id that nothing here has, or a setting that cannot be; the line names it",
    NOT_RUNNING: "no stack is running in this home, and the environment names no servers",
    INTERRUPTED: "interrupted before trading began",
}
PIPE_WIDTH: Final = 140  # of tables that no terminal limits


def show(document: Mapping[str, Any], as_json: bool, view: "Callable[[], RenderableType]") -> None:
    """Print a document, or its view."""
    if as_json:
        tell(document, as_json, "")
        return
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(view())


def headed(head: str, view: "RenderableType") -> "RenderableType":
    """Return a view below the line that says what it is about."""
    from rich.console import Group
    from rich.text import Text

    return Group(Text(head, "dim"), view)


def tell(document: Mapping[str, Any], as_json: bool, text: str, schema: str = "") -> None:
    """Print a document, or the line that says the same."""
    if as_json:
        typer.echo(rendered(document, schema))
    elif text:
        typer.echo(text)


def tell_line(document: Mapping[str, Any], as_json: bool, text: str) -> None:
    """Print one of several documents as a line, or the line that says the same."""
    typer.echo(rendered(document, indent=None) if as_json else text)


def rendered(document: Mapping[str, Any], schema: str = "", indent: int | None = 2) -> str:
    """Return a document as JSON; its shape is that of the command that runs, unless it is named."""
    name = schema or _schema_of_command()
    named = {"schema": name, "version": version_of(name), **document}
    return json.dumps(named, ensure_ascii=False, indent=indent, default=str)


def _schema_of_command() -> str:
    """Return the name of the shape of the command that runs: `arb.trades.close`."""
    words: list[str] = []
    context = get_current_context(silent=True)
    while context is not None and context.parent is not None:
        words.insert(0, context.info_name or "")
        context = context.parent
    return ".".join(("arb", *words))


def say(text: str) -> None:
    """Show one line of progress."""
    typer.echo(f"arb: {text}", file=sys.stderr)
