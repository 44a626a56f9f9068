"""Holds as rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, update

from arb.adapters.postgres.records.holds import Hold, HoldState, hold_for
from arb.adapters.postgres.tables import holds
from arb.domain.market.ids import ClientOrderId, SessionId
from arb.domain.trading.order import Order


def reserve(connection: Connection, session_id: SessionId, orders: Sequence[Order]) -> None:
    """Set aside what new intents can cost."""
    connection.execute(insert(holds).values(rows(session_id, orders)))


def rows(session_id: SessionId, orders: Sequence[Order]) -> list[dict[str, Any]]:
    """Return what sets aside what new intents can cost."""
    return [_values(hold_for(order)) | {"session_id": session_id} for order in orders]


def settle(connection: Connection, client_order_id: ClientOrderId, state: HoldState) -> None:
    """Move a hold to where its order put it."""
    connection.execute(
        update(holds).where(holds.c.client_order_id == client_order_id).values(state=state.value)
    )


def _values(hold: Hold) -> dict[str, Any]:
    return {
        "client_order_id": hold.client_order_id,
        "venue": hold.venue.value,
        "asset": hold.asset,
        "amount": hold.amount,
        "state": hold.state.value,
    }
