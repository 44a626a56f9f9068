"""Fetched candles as a table, and the bar while they are fetched."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from arb.backtest.history.fetch import CandleRequest
from arb.cli.views.style import headed_table
from arb.cli.views.text import count, duration


@contextmanager
def fetching(wanted: CandleRequest) -> Iterator[Callable[[str, int], None]]:
    """Yield what moves the bar of each market."""
    with Progress(console=Console(file=sys.stderr), transient=True) as bar:
        span_s = wanted.to_s - wanted.from_s
        tasks = {
            f"{venue} {symbol}": bar.add_task(f"{venue} {symbol}", total=span_s)
            for venue, symbol in wanted.markets
        }
        yield lambda name, done_s: bar.advance(tasks[name], done_s)


def data_view(markets: Sequence[Mapping[str, Any]]) -> Table:
    """Return the markets as a table."""
    table = headed_table(("market",), ("from", "to", "rows", "missing", "holes", "longest", "since"))
    for each in markets:
        table.add_row(
            f"{each['venue']} {each['symbol']}",
            each["from"],
            each["to"],
            count(each["rows"]),
            count(each["missing"]),
            count(each["holes"]),
            duration(each["longest_s"]),
            each["longest_from"],
        )
    return table
