"""How long orders took, from the moments that their rows and events recorded.

`tick` is when the newest book of the decision was received; an order is decided and written in one go, so its
row's time is the decision's; `sent` is the claim, which is committed just before the bytes leave; `answered`
is the first news of the venue; `filled` the first fill. Of a decision's two orders one is sent first.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Float, Subquery, func, select

from arb.adapters.postgres.tables import order_events, orders
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_S, Span
from arb.domain.trading.order import OrderEvent

ANSWERS: Final = (
    OrderEvent.ACCEPT,
    OrderEvent.PARTIAL,
    OrderEvent.FILL,
    OrderEvent.CANCEL,
    OrderEvent.REJECT,
    OrderEvent.EXPIRE,
)
STAGES: Final = {
    "tick_to_decided": ("tick", "decided"),
    "decided_to_sent": ("decided", "sent"),
    "first_to_second_sent": ("first_sent", "second_sent"),
    "sent_to_answered": ("sent", "answered"),
    "sent_to_filled": ("sent", "filled"),
    "decided_to_filled": ("decided", "filled"),
    "tick_to_sent": ("tick", "sent"),
    "tick_to_filled": ("tick", "filled"),
}
PERCENTILES: Final = {"p50_ms": "0.5", "p90_ms": "0.9", "p99_ms": "0.99"}  # where a person reads them


def parts_ms(found: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """Return each stage of which these percentiles are known, as it is shown."""
    return [
        {"part": stage}
        | {name: round(value * 1_000, 1) for name, value in zip(PERCENTILES, values, strict=True)}
        for stage, values in found.items()
    ]


def latencies_s(
    connection: Connection, session_id: SessionId, span: Span, quantiles: Sequence[str]
) -> dict[str, list[float]]:
    """Return the quantiles of each stage in seconds, for the orders decided in a span."""
    moments = _moments(session_id, span)
    columns = [
        func.percentile_cont(float(quantile))
        .within_group(_seconds(moments, *ends))
        .label(f"{stage}_{number}")
        for stage, ends in STAGES.items()
        for number, quantile in enumerate(quantiles)
    ]
    row = connection.execute(select(*columns)).one()._mapping
    found = {stage: [row[f"{stage}_{number}"] for number in range(len(quantiles))] for stage in STAGES}
    return {stage: values for stage, values in found.items() if values[0] is not None}


def counted(connection: Connection, session_id: SessionId, span: Span) -> dict[str, int]:
    """Return of how many of these orders both ends of each stage are known."""
    moments = _moments(session_id, span)
    columns = [func.count(_seconds(moments, *ends)).label(stage) for stage, ends in STAGES.items()]
    return dict(connection.execute(select(*columns)).one()._mapping)


def _moments(session_id: SessionId, span: Span) -> Subquery:
    each = (
        select(
            orders.c.trade_id,
            func.nullif(orders.c.tick_at_ns, 0).label("tick"),
            orders.c.created_at_ns.label("decided"),
            _first(OrderEvent.CLAIM).label("sent"),
            _first(*ANSWERS).label("answered"),
            _first(OrderEvent.FILL).label("filled"),
        )
        .join(order_events, order_events.c.client_order_id == orders.c.client_order_id)
        .where(orders.c.session_id == session_id, orders.c.created_at_ns.between(span.from_ns, span.to_ns))
        .group_by(orders.c.client_order_id)
        .subquery()
    )
    first_sent = func.min(each.c.sent).over(partition_by=(each.c.trade_id, each.c.decided))
    with_first = select(each, first_sent.label("first_sent")).subquery()
    second = func.nullif(with_first.c.sent, with_first.c.first_sent).label("second_sent")
    return select(with_first, second).subquery()


def _first(*events: OrderEvent) -> ColumnElement[Any]:
    """Return when the first of these events happened to an order."""
    return func.min(order_events.c.at_ns).filter(order_events.c.event.in_([event.value for event in events]))


def _seconds(moments: Any, start: str, end: str) -> ColumnElement[Any]:
    between: ColumnElement[Any] = moments.c[end] - moments.c[start]
    return between.cast(Float) / NS_PER_S
