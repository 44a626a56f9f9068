"""How a command says what it found: one JSON document, or what a person reads; and its exit codes."""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

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
    "a store is away",
    BAD_USE: "wrong use, or a setting that cannot be; the line names its key",
    NOT_RUNNING: "no stack is running in this home, and the environment names no servers",
    INTERRUPTED: "interrupted before trading began",
}
PIPE_WIDTH: Final = 140  # of tables that no terminal limits


def show(document: Any, as_json: bool, view: "Callable[[], RenderableType]") -> None:
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


def tell(document: Any, as_json: bool, text: str) -> None:
    """Print a document, or the line that says the same."""
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    elif text:
        typer.echo(text)


def say(text: str) -> None:
    """Show one line of progress."""
    typer.echo(f"arb: {text}", file=sys.stderr)
