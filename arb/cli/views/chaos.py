"""What came of a chaos run, as a person reads it."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def chaos_view(document: Mapping[str, Any]) -> RenderableType:
    """Return the document of a run as a table, with its verdict."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    for name, value in document.items():
        if name not in ("verdict", "violations", "invariants"):
            table.add_row(name.replace("_", " "), _text(value))
    return Group(table, *(Text(f"  {text}", "red") for text in document["violations"]), _verdict(document))


def _verdict(document: Mapping[str, Any]) -> Text:
    if document["verdict"]:
        return Text("passed", "bold green")
    return Text("failed", "bold red")


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "none"
    return str(value)
