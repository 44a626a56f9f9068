"""A report as a person reads it; it comes as its JSON document, be it of this moment or of the last run."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from arb.cli.moments import shown
from arb.cli.views.findings import invariants_view
from arb.cli.views.report_performance import performance_tables
from arb.cli.views.style import headed_table
from arb.cli.views.text import UNKNOWN, amount, bare, is_told_in_usdt, signed
from arb.domain.time import NS_PER_S

MADE_UP: Final = "a simulated market that is made to move: this profit is no evidence of what real prices pay"

UNCOUNTED: Final = (
    "counted for the whole of what runs; `arb opportunities` lists each chance and what became of it"
)


def report_view(report: Mapping[str, Any], zone: tzinfo | None) -> RenderableType:
    """Return a report as tables."""
    facts = (_head(report, zone), _coins(report), _facts(report))
    return Group(*facts, *performance_tables(report), _verdicts(report))


def _verdicts(report: Mapping[str, Any]) -> RenderableType:
    if report["invariants"]:
        return invariants_view(report["invariants"])
    return Text("invariants are proven against the venues: `arb check` while the stack runs", "dim")


def _head(report: Mapping[str, Any], zone: tzinfo | None) -> Text:
    started, ended = (_moment(report[name], zone) for name in ("started", "ended"))
    return Text.assemble(
        (f"{started} to {ended or 'still running'}\n", "dim"),
        f"{report['trades_opened']} trades opened, {report['trades_closed']} closed, "
        f"{report['trades_open']} open, {report['trades_aborted']} aborted, "
        f"{report['trades_handed_over']} escalated\n",
        ("PnL ", "bold"),
        (_profit(report), "bold"),
        f"  (realised {_signed(report['realised_krw'], 0)} KRW)",
        (f"\n{MADE_UP}" if report.get("simulated") else "", "dim"),
    )


def _profit(report: Mapping[str, Any]) -> str:
    krw = f"{_signed(report['pnl_krw'], 0)} KRW"
    return f"{krw}  {_signed(report['pnl_usdt'], 2)} USDT" if is_told_in_usdt(report) else krw


def _coins(report: Mapping[str, Any]) -> Table:
    table = headed_table(("coin",), ("opened", "closed", "fills", "realised KRW", "PnL KRW"))
    for line in report["by_coin"]:
        table.add_row(
            line["coin"],
            str(line["trades_opened"]),
            str(line["trades_closed"]),
            str(line["fills"]),
            _signed(line["realised_krw"], 0),
            _signed(line["pnl_krw"], 0),
        )
    return table


def _facts(report: Mapping[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    table.add_row("orders", _counts(report["orders"], report["orders_by_state"]))
    table.add_row("fills", str(report["fills"]))
    for venue, fees in report["fees"].items():
        listed = ", ".join(f"{_plain(fee)} {asset}" for asset, fee in fees.items())
        table.add_row(f"fees {venue}", listed)
    refused = sorted(report["refusals"].items(), key=lambda item: -item[1])
    told = ", ".join(f"{reason} {number:,}" for reason, number in refused)
    table.add_row("refusals", told or ("none" if report["invariants"] else UNCOUNTED))
    return table


def _moment(text: str | None, zone: tzinfo | None) -> str:
    return "" if text is None else shown(int(datetime.fromisoformat(text).timestamp()) * NS_PER_S, zone)


def _counts(total: int, by_state: Mapping[str, int]) -> str:
    listed = ", ".join(f"{number} {state}" for state, number in by_state.items())
    return f"{total} ({listed})" if listed else str(total)


def _signed(text: str | None, places: int) -> str:
    return UNKNOWN if text is None else signed(Decimal(text), places)


def _plain(text: str) -> str:
    """Return an amount with eight digits after the point at most."""
    return bare(amount(Decimal(text), 8))
