"""A frame as a person sees it: tables that fit 80 columns, side by side from 110."""

from collections.abc import Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from arb.console.frame import Frame, ProcessLine
from arb.console.line import clock, waiting
from arb.console.text import UNKNOWN, age, count, duration, price, signed
from arb.domain.order import TERMINAL, State
from arb.domain.report import Report

WIDE: Final = 110
TRADES_MAX: Final = 8
FRESH_MS: Final = 1_500
HEARTBEAT_MS: Final = 5_000
GOOD, BAD, QUIET = "green", "bold red", "dim"


def render(frame: Frame, width: int) -> RenderableType:
    """Return the whole view."""
    left = Group(_quotes(frame), _trades(frame))
    right = Group(_totals(frame), _queues(frame), _processes(frame))
    if width < WIDE:
        return Group(_head(frame), left, right)
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(ratio=11)
    grid.add_column(ratio=9)
    grid.add_row(left, right)
    return Group(_head(frame), grid)


def _head(frame: Frame) -> Text:
    session = frame.session
    mode = session.mode.value if session else UNKNOWN
    head = Text.assemble(
        ("arb ", "bold"),
        frame.environment,
        "  ",
        (mode, GOOD if mode == "normal" else BAD),
        f"  {clock(frame)}  USDT/KRW {price(frame.krw_per_usdt)}",
    )
    if session and mode != "normal":
        head.append(f"  ({session.mode_reason})", QUIET)
    if frame.away:
        head.append(f"  away: {', '.join(frame.away)}", BAD)
    return head


def _table(title: str, *columns: str) -> Table:
    """Return a table whose first column is text and whose others are numbers."""
    table = Table(
        title=title, title_justify="left", title_style="bold", expand=True, box=None, pad_edge=False
    )
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 else "right", no_wrap=True)
    return table


def _quotes(frame: Frame) -> Table:
    table = _table("quotes", "coin", "Upbit KRW", "age", "Binance USDT", "age", "premium", "net edge")
    for quote in frame.quotes:
        table.add_row(
            quote.coin,
            price(quote.upbit_krw),
            _age(quote.upbit_age_ms, FRESH_MS),
            price(quote.binance_usdt),
            _age(quote.binance_age_ms, FRESH_MS),
            signed(quote.premium_bps),
            Text(signed(quote.edge_bps), GOOD if quote.edge_bps and quote.edge_bps > 0 else ""),
        )
    table.caption = Text("premium and edge in bps, edge net of both fees and of depth", QUIET)
    return table


def _trades(frame: Frame) -> Table:
    trades = frame.trades or ()
    title = f"open trades: {UNKNOWN if frame.trades is None else len(trades)}"
    table = _table(title, "trade", "coin", "way", "state", "age", "hedged", "rest")
    for trade in trades[-TRADES_MAX:]:
        table.add_row(
            trade.trade_id,
            trade.coin,
            trade.direction.replace("_upbit", ""),
            trade.state,
            duration(trade.age_s),
            f"{trade.hedged:f}",
            Text(f"{trade.imbalance:f}", BAD if trade.imbalance else QUIET),
        )
    return table


def _totals(frame: Frame) -> Panel:
    report = frame.report
    if report is None:
        return Panel(UNKNOWN, title="result", title_align="left")
    document = report.as_json()
    body = Text()
    body.append(
        f"trades   {document['trades_opened']} opened, {document['trades_open']} open, "
        f"{document['trades_closed']} closed\n"
    )
    if document["trades_aborted"] or document["trades_handed_over"]:
        body.append(
            f"         {document['trades_aborted']} aborted, {document['trades_handed_over']} handed over\n",
            BAD if document["trades_handed_over"] else "",
        )
    body.append(f"orders   {_orders(report)}\n")
    body.append(f"PnL      {signed(report.pnl_krw, 0)} KRW   {signed(report.pnl_usdt, 2)} USDT\n")
    body.append(f"refused  {_refusals(report.refusals)}", QUIET)
    return Panel(body, title="result", title_align="left")


def _orders(report: Report) -> str:
    """Return the order count and every state that is not the usual one."""
    working = sum(number for state, number in report.orders.items() if state not in TERMINAL)
    text = f"{report.orders.get(State.FILLED, 0)} filled, {working} working"
    others = {state: number for state, number in report.orders.items() if state in TERMINAL}
    others.pop(State.FILLED, None)
    if report.orders.get(State.UNKNOWN):
        others[State.UNKNOWN] = report.orders[State.UNKNOWN]
    return ", ".join([text, *(f"{number} {state}" for state, number in sorted(others.items()))])


def _refusals(refusals: Mapping[str, int]) -> str:
    most = sorted(refusals.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{reason} {count(number)}" for reason, number in most) or "none"


def _queues(frame: Frame) -> Text:
    lengths = [f"{name} {number}" for name, number in (frame.queues or {}).items()]
    text = Text.assemble(("queues   ", "bold"), "  ".join(lengths) or UNKNOWN)
    return text.append(f"   fallback {waiting(frame.fallback_queues)}\n")


def _processes(frame: Frame) -> Table:
    table = _table("processes", "name", "state", "up", "restarts", "heartbeat")
    if frame.processes is None:
        table.add_row(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    for process in frame.processes or ():
        table.add_row(process.name, *_process(process))
    return table


def _process(process: ProcessLine) -> tuple[Text | str, ...]:
    status = process.status
    beat = _age(process.heartbeat_age_ms, HEARTBEAT_MS)
    if status is None:
        return UNKNOWN, UNKNOWN, UNKNOWN, beat
    state = Text(status.state.lower(), GOOD if status.is_running else BAD)
    restarts = Text(str(status.exits), BAD if status.exits else QUIET)
    return state, duration(status.uptime_s), restarts, beat


def _age(value_ms: int | None, late_ms: int) -> Text:
    late = value_ms is not None and value_ms > late_ms
    return Text(age(value_ms), BAD if late else QUIET)
