"""What a snapshot is made of, read on one consistent view of the database."""

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, func, select

from arb.adapters.records.images import NS_PER_DAY, Image
from arb.adapters.sql import holds, sessions, views
from arb.adapters.sql.tables import balances, fills, orders, trades
from arb.domain.errors import InvariantError
from arb.domain.ids import SessionId


def read(connection: Connection, session_id: SessionId) -> Image:
    """Return the image of a session; the caller's transaction is REPEATABLE READ."""
    session = sessions.read(connection, session_id)
    if session is None:
        raise InvariantError(f"session {session_id} does not exist")
    return Image(
        session=session,
        active=views.active(connection, session_id, None),
        balances=_balances(connection, session_id),
        holds=holds.reserved(connection, session_id),
        trades_by_state=_by_state(connection, trades, session_id),
        orders_by_state=_by_state(connection, orders, session_id),
        fills=_fills(connection, session_id),
        realised_krw_by_day=_realised(connection, session_id),
    )


def _balances(connection: Connection, session_id: SessionId) -> dict[tuple[str, str], Decimal]:
    rows = connection.execute(select(balances).where(balances.c.session_id == session_id))
    return {(row.account, row.asset): row.amount for row in rows}


def _by_state(connection: Connection, table: Table, session_id: SessionId) -> dict[str, int]:
    counted = select(table.c.state, func.count().label("number")).group_by(table.c.state)
    rows = connection.execute(counted.where(table.c.session_id == session_id))
    return {row.state: row.number for row in rows}


def _fills(connection: Connection, session_id: SessionId) -> int:
    joined = fills.join(orders, fills.c.client_order_id == orders.c.client_order_id)
    counted = select(func.count()).select_from(joined).where(orders.c.session_id == session_id)
    return connection.execute(counted).scalar_one()


def _realised(connection: Connection, session_id: SessionId) -> dict[int, Decimal]:
    day: Any = (trades.c.closed_at_ns / NS_PER_DAY).label("day")
    summed = (
        select(day, func.sum(trades.c.pnl_krw).label("amount"))
        .where(trades.c.session_id == session_id, trades.c.closed_at_ns > 0)
        .group_by(day)
    )
    return {int(row.day): row.amount for row in connection.execute(summed)}
