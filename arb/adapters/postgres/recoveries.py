"""Recoveries as rows."""

from dataclasses import asdict

from sqlalchemy import Connection, insert, select

from arb.adapters.postgres.tables import recoveries
from arb.domain.market.ids import SessionId
from arb.domain.state.recovery import Recovery


def add(connection: Connection, session_id: SessionId, recovery: Recovery) -> None:
    """Write a recovery, in the caller's transaction."""
    connection.execute(insert(recoveries).values(asdict(recovery) | {"session_id": session_id}))


def newest(connection: Connection, session_id: SessionId, limit: int) -> tuple[Recovery, ...]:
    """Return the last recoveries of a session, the newest first."""
    found = (
        select(recoveries)
        .where(recoveries.c.session_id == session_id)
        .order_by(recoveries.c.recovered_at_ns.desc(), recoveries.c.recovery_id.desc())
        .limit(limit)
    )
    return tuple(
        Recovery(
            component=row.component,
            cause=row.cause,
            lost_at_ns=row.lost_at_ns,
            recovered_at_ns=row.recovered_at_ns,
            detail=row.detail,
        )
        for row in connection.execute(found)
    )
