"""The part of a report about how well it was traded: by day, slippage, latency, modes, recoveries."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from rich.table import Table

from arb.cli.views.style import headed_table
from arb.cli.views.text import duration, signed

Rows = Iterable[tuple[str, ...]]


def performance_tables(report: Mapping[str, Any]) -> list[Table]:
    """Return a table for each thing that happened; a report of an older version has none."""
    tables = (
        _table(("day", "coin"), ("trades", "realised KRW"), _days(report)),
        _table(("slippage, bps",), ("orders", "mean", "median", "p95"), _slippage(report)),
        _table(("latency, ms",), ("p50", "p90", "p99"), _latency(report)),
        _table(("mode",), ("time",), _modes(report)),
        _table(("recovered",), ("times", "median ms", "longest ms"), _recoveries(report)),
    )
    return [table for table in tables if table.row_count]


def _days(report: Mapping[str, Any]) -> Rows:
    for line in report.get("by_day", ()):
        yield line["day"], line["coin"], str(line["trades"]), signed(Decimal(line["pnl_krw"]), 0)


def _slippage(report: Mapping[str, Any]) -> Rows:
    for line in report.get("slippage_bps", ()):
        figures = (str(line[name]) for name in ("orders", "mean", "median", "p95"))
        yield (f"{line['venue']} {line['purpose']}", *figures)


def _latency(report: Mapping[str, Any]) -> Rows:
    for stage, values in report.get("latency_ms", {}).items():
        yield (stage.replace("_", " "), *map(str, values.values()))


def _modes(report: Mapping[str, Any]) -> Rows:
    for name, value in report.get("uptime", {}).items():
        if name.endswith("_seconds"):
            yield name.removesuffix("_seconds").replace("_", " "), duration(value)


def _recoveries(report: Mapping[str, Any]) -> Rows:
    for line in report.get("recoveries", ()):
        figures = (str(line[name]) for name in ("count", "median_ms", "max_ms"))
        yield (line["component"], *figures)


def _table(texts: tuple[str, ...], numbers: tuple[str, ...], rows: Rows) -> Table:
    table = headed_table(texts, numbers)
    for row in rows:
        table.add_row(*row)
    return table
