"""What `arb kill` did, for a person and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from arb.domain.trading.external import ListedOrder
from arb.engine.kill.kill import KillReport


def kill_document(report: KillReport) -> dict[str, Any]:
    """Return the report as JSON; a time that is null was not reached, or nobody could tell."""
    return {
        **asdict(report),
        "cancelled": [_order(order) for order in report.cancelled],
        "foreign": [_order(order) for order in report.foreign],
        "complete": report.complete,
    }


def kill_text(report: KillReport) -> str:
    """Return the report as lines."""
    return "\n".join(_lines(report))


def _lines(report: KillReport) -> Iterator[str]:
    yield f"killed: {report.reason}"
    yield f"  nothing new sent after    {_ms(report.switched_ms)}"
    yield f"  no new intents after      {_ms(report.no_new_intents_ms)}"
    yield f"  no open orders after      {_ms(report.no_open_orders_ms)}"
    yield f"  flat or escalated after {_ms(report.exposure_ms)}"
    for order in report.cancelled:
        yield f"cancelled: {order}"
    for order in report.foreign:
        yield f"left alone, since it is not ours: {order}"
    for client_order_id in report.unresolved:
        yield f"not proven yet: order {client_order_id}; `arb orders` shows what becomes of it"
    for trade_id in report.handed_over:
        yield f"escalated to you: trade {trade_id}; `arb trades` shows what is uneven"
    for problem in report.problems:
        yield f"could not be done: {problem}"


def _ms(value: int | None) -> str:
    return "-" if value is None else f"{value} ms"


def _order(order: ListedOrder) -> dict[str, str]:
    return {
        "venue": order.venue.value,
        "symbol": order.symbol,
        "client_order_id": order.client_order_id,
        "venue_order_id": order.venue_order_id,
        "side": order.side.value,
    }
