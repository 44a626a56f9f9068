"""How long orders took, from the moments that their events recorded: decision, claim, answer, fill.

An order is decided and written in one go, so its row's time is the decision's; `sent` is the claim, which
is committed just before the bytes leave; `answered` is the first news of the venue; `filled` the last.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Float, func, select

from arb.adapters.postgres.tables import order_events, orders
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_S, Span
from arb.domain.trading.order import Event

ANSWERS: Final = (Event.ACCEPT, Event.PARTIAL, Event.FILL, Event.CANCEL, Event.REJECT, Event.EXPIRE)
STAGES: Final = {
    "decided_to_sent": ("decided", "sent"),
    "sent_to_answered": ("sent", "answered"),
    "sent_to_filled": ("sent", "filled"),
    "decided_to_filled": ("decided", "filled"),
}


def latencies_s(
    connection: Connection, session_id: SessionId, span: Span, quantiles: Sequence[str]
) -> dict[str, list[float]]:
    """Return the quantiles of each stage in seconds, for the orders decided in a span."""
    moments = (
        select(
            orders.c.created_at_ns.label("decided"),
            _first(Event.CLAIM).label("sent"),
            _first(*ANSWERS).label("answered"),
            _first(Event.FILL).label("filled"),
        )
        .join(order_events, order_events.c.client_order_id == orders.c.client_order_id)
        .where(orders.c.session_id == session_id, orders.c.created_at_ns.between(span.from_ns, span.to_ns))
        .group_by(orders.c.client_order_id, orders.c.created_at_ns)
        .subquery()
    )
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


def _first(*events: Event) -> ColumnElement[Any]:
    """Return when the first of these events happened to an order."""
    return func.min(order_events.c.at_ns).filter(order_events.c.event.in_([event.value for event in events]))


def _seconds(moments: Any, start: str, end: str) -> ColumnElement[Any]:
    between: ColumnElement[Any] = moments.c[end] - moments.c[start]
    return between.cast(Float) / NS_PER_S
