"""A soak as a person reads it."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from arb.cli.views.style import BAD, GOOD
from arb.domain.health.growth import Growth
from arb.domain.health.soak import MEMORY_MB_PER_HOUR_MAX, SoakReport


def soak_view(report: SoakReport) -> RenderableType:
    """Return the growth of everything, and the verdict."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("memory of")
    for column in ("first MB", "last MB", "MB an hour", "between (95 %)"):
        table.add_column(column, justify="right")
    for name, part in report.memory_mb.items():
        table.add_row(name, *_row(part))
    if report.redis_mb:
        table.add_row("inside redis", *_row(report.redis_mb))
    text = Text(f"{report.minutes:.1f} min, {report.samples} samples, {report.trades} trades, ")
    text.append(f"at most {report.queue_depth_max} messages waited\n")
    for error in report.errors:
        text.append(f"{error}\n", BAD)
    if report.growing:
        text.append(f"growing: {', '.join(report.growing)}\n", BAD)
    text.append("passed" if report.passed else "not passed", GOOD if report.passed else BAD)
    return Group(table, text)


def _row(part: Growth) -> tuple[Text | str, ...]:
    loud = BAD if part.exceeds(MEMORY_MB_PER_HOUR_MAX) else ""
    slope = Text(f"{part.per_hour:+.1f}", loud)
    return f"{part.first:.1f}", f"{part.last:.1f}", slope, f"{part.low:+.1f} and {part.high:+.1f}"
