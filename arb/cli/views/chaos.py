"""The results of `arb chaos orders`, `arb chaos ops` and `arb soak`, as text."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from arb.cli.views.style import BAD, GOOD, headed_table
from arb.domain.health.growth import Growth
from arb.domain.health.soak import MEMORY_MB_PER_HOUR_MAX, SoakReport


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


def ops_text(document: Mapping[str, Any]) -> str:
    """Return the document of a run as lines, with its verdict."""
    lines = [_trip(trip) for trip in document["trips"]]
    if document["critical"] is not None:
        lines.append(_critical(document["critical"]))
    if document["venue_away"] is not None:
        lines.append(_venue_away(document["venue_away"]))
    return "\n".join((*lines, "passed" if document["verdict"] else "failed"))


def _trip(trip: Mapping[str, Any]) -> str:
    name = f"{trip['name']:<16}"
    if trip["stack_ended"]:
        return f"{name}the stack ended: {trip['stack_ended']}"
    if trip["skipped"]:
        return f"{name}left out: {trip['skipped']}"
    if trip["told_after_s"] is None:
        return f"{name}NOT TOLD"
    mended = trip["recovered_after_s"]
    recovery = "no recovery seen" if mended is None else f"recovery told {mended} s after it was mended"
    return f"{name}{trip['alert']} of {trip['subject']} after {trip['told_after_s']} s; {recovery}"


def _critical(ending: Mapping[str, Any]) -> str:
    return (
        f"critical        {ending['reason'] or 'NOT REACHED'}; stopped after {ending['stopped_after_s']} s, "
        f"orders out {ending['orders_out']}, uneven {ending['uneven']}, escalated {ending['handed_over']}, "
        f"snapshot {ending['snapshot'] or 'NONE'}, still running {ending['left_running']}"
    )


def _venue_away(waited: Mapping[str, Any]) -> str:
    after_s = waited["stopped_after_s"]
    end = "NOT ENDED" if after_s is None else f"ended {after_s} s after the venue was back"
    return (
        f"venue_away      {waited['venue']}: {waited['lost']} orders lost, told {waited['alarms']} times "
        f"(each named: {waited['named']}), killed {waited['killed'] or 'NOBODY'}; {end}, "
        f"orders out {waited['orders_out']}, uneven {waited['uneven']}, "
        f"still running {waited['left_running']}"
        + "".join(f"\n  {line}" for line in (*waited["gone"], *waited["violations"]))
    )


def soak_view(report: SoakReport) -> RenderableType:
    """Return the growth of everything, and the verdict."""
    table = headed_table(("memory of",), ("first MB", "last MB", "MB an hour", "between (95 %)"))
    for name, part in report.memory_mb.items():
        table.add_row(name, *_growth(part))
    if report.redis_mb:
        table.add_row("inside redis", *_growth(report.redis_mb))
    text = Text(f"{report.minutes:.1f} min, {report.samples} samples, {report.trades} trades, ")
    text.append(f"at most {report.queue_depth_max} messages waited\n")
    for error in report.errors:
        text.append(f"{error}\n", BAD)
    if report.growing:
        text.append(f"growing: {', '.join(report.growing)}\n", BAD)
    text.append("passed" if report.passed else "not passed", GOOD if report.passed else BAD)
    return Group(table, text)


def _growth(part: Growth) -> tuple[Text | str, ...]:
    loud = BAD if part.exceeds(MEMORY_MB_PER_HOUR_MAX) else ""
    slope = Text(f"{part.per_hour:+.1f}", loud)
    return f"{part.first:.1f}", f"{part.last:.1f}", slope, f"{part.low:+.1f} and {part.high:+.1f}"
