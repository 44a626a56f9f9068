"""Looks that all parts of the view share."""

from collections.abc import Iterable
from typing import Final

from rich.table import Table
from rich.text import Text

from arb.cli.views.text import age

GOOD: Final = "green"
BAD: Final = "bold red"
QUIET: Final = "dim"


def plain_table(title: str, *columns: str) -> Table:
    """Return a table whose first column is text and whose others are numbers."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        expand=True,
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 else "right", no_wrap=True)
    return table


def headed_table(texts: Iterable[str] = (), numbers: Iterable[str] = ()) -> Table:
    """Return a table as wide as what it says, columns of text before columns of numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in texts:
        table.add_column(column)
    for column in numbers:
        table.add_column(column, justify="right")
    return table


def aged(value_ms: int | None, late_ms: int) -> Text:
    """Return an age, loud if it is late."""
    late = value_ms is not None and value_ms > late_ms
    return Text(age(value_ms), BAD if late else QUIET)
