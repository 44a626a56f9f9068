"""The part of the view that counts: trades, orders, profit, and what waits in queues."""

from collections.abc import Mapping

from rich.panel import Panel
from rich.text import Text

from arb.app.facts.frame import Frame
from arb.cli.views.line import waiting
from arb.cli.views.style import BAD, QUIET
from arb.cli.views.text import UNKNOWN, count, is_told_in_usdt, signed
from arb.domain.ledger.report import Report
from arb.domain.trading.order import TERMINAL, OrderState


def totals(frame: Frame) -> Panel:
    """Return the result so far."""
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
            f"         {document['trades_aborted']} aborted, {document['trades_handed_over']} escalated\n",
            BAD if document["trades_handed_over"] else "",
        )
    body.append(f"orders   {_orders(report)}\n")
    usdt = f"   {signed(report.pnl_usdt, 2)} USDT" if is_told_in_usdt(document) else ""
    body.append(f"PnL      {signed(report.pnl_krw, 0)} KRW{usdt}\n")
    body.append(f"refused  {refusals(report.refusals)}", QUIET)
    return Panel(body, title="result", title_align="left")


def queues(frame: Frame) -> Text:
    """Return how much waits in each queue."""
    lengths = [f"{name} {number}" for name, number in (frame.queues or {}).items()]
    text = Text.assemble(("queues   ", "bold"), "  ".join(lengths) or UNKNOWN)
    return text.append(f"   fallback {waiting(frame.fallback_queues)}")


def _orders(report: Report) -> str:
    """Return the order count and every state that is not the usual one."""
    working = sum(number for state, number in report.orders.items() if state not in TERMINAL)
    text = f"{report.orders.get(OrderState.FILLED, 0)} filled, {working} working"
    others = {state: number for state, number in report.orders.items() if state in TERMINAL}
    others.pop(OrderState.FILLED, None)
    if report.orders.get(OrderState.UNKNOWN):
        others[OrderState.UNKNOWN] = report.orders[OrderState.UNKNOWN]
    return ", ".join([text, *(f"{number} {state}" for state, number in sorted(others.items()))])


def refusals(counts: Mapping[str, int]) -> str:
    """Return the reasons for which most was denied."""
    most = sorted(counts.items(), key=lambda item: -item[1])[:2]
    return ", ".join(f"{reason} {count(number)}" for reason, number in most) or "none"
