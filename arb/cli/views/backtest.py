"""A replay's report as a person reads it in a terminal."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from arb.cli.views.style import headed_table
from arb.cli.views.text import bare, count, duration, quantity, signed

Document = Mapping[str, Any]


def head_lines(document: Document) -> list[str]:
    """Return what was replayed and what was taken for granted, a line each."""
    head, assumed = document["head"], document["head"]["assumed"]
    coins = ", ".join(f"{coin} {rows:,} rows" for coin, rows in head["coins"].items())
    fees = ", ".join(f"{venue} {bare(fee)}" for venue, fee in assumed["fees_bps"].items())
    halves = ", ".join(f"{venue} {bare(half)}" for venue, half in assumed["half_spread_bps"].items())
    taken = (
        f"fees {fees} bps; assumed: half spreads {halves} bps, depth {bare(assumed['depth_usdt'])} USDT a "
        f"side, latency {assumed['latency_ms']} ms; holes above {assumed['gap_s']:,} s end open trades"
    )
    lines = [
        f"{head['data']}: {head['from']} to {head['to']}, {head['rows']:,} rows; {coins}",
        f"rate: {head['rate']}",
        taken,
    ]
    for coin, gaps in head["gaps"].items():
        if gaps["count"]:
            lines.append(
                f"{coin}: {gaps['count']:,} holes, {duration(gaps['total_s'])} in all, the longest "
                f"{duration(gaps['longest_s'])}"
            )
    lines += [f"{number:,} {what}" for what, number in head["flaws"].items()]
    return [*lines, *head["notes"]]


def backtest_view(document: Document) -> RenderableType:
    """Return the report as text and tables."""
    swept = []
    if "sweep" in document:
        from arb.cli.views.sweep import sweep_view

        swept = [sweep_view(document["sweep"]), Text("\nthe best of it, run by the engine:", "bold")]
    return Group(
        *swept,
        *(Text(line, "dim") for line in head_lines(document)),
        *(Text(line) for line in document["why"]),
        _result(document["result"]),
        *(Text(line) for line in _foresight_lines(document)),
        _groups("coin", document["by_coin"]),
        _groups("closed by", document["by_reason"]),
        _inventory(document["inventory"]),
    )


def _result(result: Document) -> Text:
    return Text.assemble(
        (f"{result['trades']:,} trades, net {_krw(result['net_krw'])} KRW", "bold"),
        f" ({_krw(result['net_krw_per_trade'])} a trade, {bare(result['net_bps'])} bps), {result['won']:,} "
        f"won\nfees {amount_of(result['fees_krw'])} KRW, deepest loss from a top "
        f"{amount_of(result['drawdown_krw'])} KRW, "
        f"in the market {duration(result['time_in_market_s'])} "
        f"({Decimal(result['time_in_market_share']) * 100:.1f} %)\n"
        f"{count(result['orders'])} orders, {result['unfilled_legs']} legs unfilled, "
        f"{result['partial_legs']} in part, {result['repairs']} repairs, {result['aborted']} trades aborted, "
        f"{result['handed_over']} escalated, {result['left_open']} left open",
    )


def _foresight_lines(document: Document) -> list[str]:
    """Return how much was taken of what somebody earned who knew every price before, if that was asked."""
    told = document.get("foresight")
    if told is None:
        return []
    parts = (("the planted premiums", told["planted"]), ("everything", told["everything"]))
    lines = [_taken(name, part) for name, part in parts if part is not None]
    if (planted := told["planted"]) is not None and planted["plants"]:
        lines.append(
            f"{planted['plants']:,} were planted, {planted['worth']:,} of them worth a pair; "
            f"{planted['traded_of_worth']:,} of these were traded and {planted['traded']:,} in all; what was "
            f"opened elsewhere earned {_krw(planted['elsewhere_krw'])} KRW"
        )
    return lines


def _taken(name: str, part: Document) -> str:
    if part["taken_share"] is None:
        return f"perfect foresight earns nothing of {name}"
    share = f"took {Decimal(part['taken_share']) * 100:.1f} % of what perfect foresight earns"
    return f"{share} of {name} ({_krw(part['net_krw'])} KRW in {part['trades']:,} pairs)"


def _groups(name: str, groups: Sequence[Document]) -> Table:
    table = headed_table((name,), ("trades", "won", "net KRW", "fees KRW"))
    for each in groups:
        table.add_row(
            each["name"],
            count(each["trades"]),
            count(each["won"]),
            _krw(each["net_krw"]),
            amount_of(each["fees_krw"]),
        )
    return table


def _inventory(rows: Sequence[Document]) -> Table:
    table = headed_table(("inventory",), ("began with", "ended with", "least"))
    for each in rows:
        table.add_row(
            f"{each['venue']} {each['asset']}", *(quantity(each[key]) for key in ("began", "ended", "least"))
        )
    return table


def _krw(text: str) -> str:
    return signed(Decimal(text), 0)


def amount_of(text: str) -> str:
    """Return whole KRW without a sign."""
    return f"{Decimal(text):,.0f}"
