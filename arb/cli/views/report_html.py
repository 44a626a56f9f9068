"""A report as one HTML file that needs nothing else: tables, and plots as inline SVG."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any, Final

from arb.cli.views.report import MADE_UP, UNCOUNTED
from arb.cli.views.svg import bar_plot, line_plot
from arb.cli.views.text import UNKNOWN, bare, duration, is_told_in_usdt, signed

STYLE: Final = Path(__file__).with_name("report.css")
VERDICTS: Final = {True: "holds", False: "BROKEN", None: "cannot be proven"}
Document = Mapping[str, Any]


def report_html(report: Document) -> str:
    """Return the report of a session as one HTML file."""
    parts = (_head(report), _profit(report), _quality(report), _trouble(report), _invariants(report))
    style = STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>arb report</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _head(report: Document) -> str:
    figures = {
        "PnL, KRW": _signed(report["pnl_krw"], 0),
        **({"PnL, USDT": _signed(report["pnl_usdt"], 2)} if is_told_in_usdt(report) else {}),
        "Realised, KRW": _signed(report["realised_krw"], 0),
        "Trades closed": f"{report['trades_closed']:,} of {report['trades_opened']:,}",
        "Orders": f"{report['orders']:,}",
        "Fills": f"{report['fills']:,}",
        "Escalated": str(report["trades_handed_over"]),
    }
    listed = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())
    span = f"{report['started']} to {report['ended'] or 'now, still running'}"
    told = f"{span}; {MADE_UP}" if report.get("simulated") else span
    return f'<h1>arb report</h1><p class="quiet">{escape(told)}</p><dl class="figures">{listed}</dl>'


def _profit(report: Document) -> str:
    curve = [(float(at_ms), float(krw)) for at_ms, krw in report.get("profit_curve", ())]
    by_coin = {line["coin"]: float(line["pnl_krw"] or 0) for line in report["by_coin"]}
    by_day: dict[str, float] = defaultdict(float)
    for line in report.get("by_day", ()):
        by_day[line["day"]] += float(line["pnl_krw"])
    ends = (report["started"][11:16], (report["ended"] or "")[11:16] or "now")
    days = [
        (each["day"], each["coin"], each["trades"], _signed(each["pnl_krw"], 0))
        for each in report.get("by_day", ())
    ]
    return (
        f"<h2>Realised profit over time, KRW</h2>{line_plot(curve, 'Realised profit', ends)}"
        f'<div class="two"><div><h2>PnL by coin, KRW</h2>{bar_plot(by_coin, "PnL by coin")}</div>'
        f"<div><h2>Realised by day, KRW</h2>{bar_plot(by_day, 'Realised profit by day')}</div></div>"
        f"{table('By day and coin', ('day', 'coin', 'trades', 'realised KRW'), days)}"
    )


def _quality(report: Document) -> str:
    slippage = [
        (f"{each['venue']} {each['purpose']}", each["orders"], each["mean"], each["median"], each["p95"])
        for each in report.get("slippage_bps", ())
    ]
    latency = [
        (stage.replace("_", " "), *values.values()) for stage, values in report.get("latency_ms", {}).items()
    ]
    fees = [
        (venue, asset, bare(fee)) for venue, listed in report["fees"].items() for asset, fee in listed.items()
    ]
    return (
        '<div class="two"><div>'
        + table("Slippage against the decision, bps", ("leg", "orders", "mean", "median", "p95"), slippage)
        + '<p class="quiet">Against the worst level that the decision needs; less is better.</p></div><div>'
        + table("Latency, ms", ("stage", "p50", "p90", "p99"), latency)
        + "</div></div>"
        + table("Fees", ("venue", "asset", "paid"), fees)
    )


def _trouble(report: Document) -> str:
    refusals = sorted(report["refusals"].items(), key=lambda item: -item[1])
    uptime = report.get("uptime", {})
    modes = [
        (name.removesuffix("_seconds").replace("_", " "), duration(value))
        for name, value in uptime.items()
        if name.endswith("_seconds")
    ]
    recoveries = [
        (each["component"], each["count"], each["median_ms"], each["max_ms"])
        for each in report.get("recoveries", ())
    ]
    counted = [(name.replace("_", " "), f"{n:,}") for name, n in refusals]
    return (
        '<div class="two"><div>'
        + table("Refusals", ("reason", "times"), counted, "None." if report["invariants"] else UNCOUNTED)
        + "</div><div>"
        + table("Time in each mode", ("mode", "time"), modes)
        + table("Recoveries", ("component", "times", "median ms", "longest ms"), recoveries)
        + "</div></div>"
    )


def _invariants(report: Document) -> str:
    rows = [(name.replace("_", " "), VERDICTS[held]) for name, held in report["invariants"].items()]
    return table("Invariants", ("invariant", ""), rows)


def table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]], empty: str = "None.") -> str:
    """Return a table below its title."""
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    if not body:
        return f'<h2>{escape(title)}</h2><p class="quiet">{escape(empty)}</p>'
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _signed(text: str | None, places: int) -> str:
    return UNKNOWN if text is None else signed(Decimal(text), places)
