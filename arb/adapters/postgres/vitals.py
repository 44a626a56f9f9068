"""`arb.engine.health.probes.books.VitalsStore` in PostgreSQL: one transaction, and no second attempt.

The watchdog asks again in a moment anyway, and an answer that takes long is an answer too.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, Row, case, create_engine, func, select

from arb.adapters.postgres import patience
from arb.adapters.postgres.engine import address, reading
from arb.adapters.postgres.tables import SNAPSHOTS, fills, orders, sessions, trades
from arb.adapters.postgres.views import OUT
from arb.domain.market.ids import SessionId
from arb.domain.market.instrument import Side
from arb.domain.risk.review import Mode
from arb.domain.trading.trade import MOVING
from arb.engine.health.probes.books import Uneven, Vitals


def asking_engine(url: str) -> Engine:
    """Return an engine that connects for each question.

    A server that hangs is noticed by its not greeting, which takes less than half of the time in which a
    connection from a pool would have to answer.
    """
    patience.install()
    return create_engine(
        address(url),
        poolclass=NullPool,
        connect_args={"connection_factory": patience.LimitedConnection, "application_name": "arb-watchdog"},
    )


@dataclass(frozen=True, slots=True)
class SqlVitals:
    """The figures of the session in use of one environment and group."""

    engine: Engine
    environment: str
    group: str = ""

    def read(self) -> Vitals | None:
        newest = (
            select(sessions)
            .where(
                sessions.c.environment == self.environment,
                sessions.c.group_name == self.group,
                sessions.c.set_aside_at_ns == 0,
            )
            .order_by(sessions.c.started_at_ns.desc(), sessions.c.session_id.desc())
            .limit(1)
        )
        with reading(self.engine) as connection:
            session = connection.execute(newest).one_or_none()
            return None if session is None else _vitals(connection, session)


def _vitals(connection: Connection, session: Row[Any]) -> Vitals:
    images, session_id = SNAPSHOTS["session"], session.session_id
    claimed = select(func.min(orders.c.claimed_at_ns)).where(
        orders.c.session_id == session_id, orders.c.state.in_(OUT)
    )
    taken = select(func.max(images.c.taken_at_ns)).where(images.c.session_id == session_id)
    return Vitals(
        session_id=SessionId(session_id),
        mode=Mode(session.mode),
        mode_reason=session.mode_reason,
        mode_changed_at_ns=session.mode_changed_at_ns,
        started_at_ns=session.started_at_ns,
        snapshot_at_ns=connection.execute(taken).scalar() or 0,
        unknown_since_ns=connection.execute(claimed).scalar() or 0,
        uneven=_uneven(connection, session_id),
    )


def _uneven(connection: Connection, session_id: str) -> tuple[Uneven, ...]:
    """Return what the legs of trades on their way differ by, at each trade's own worth of a coin."""
    base = func.sum(case((orders.c.side == Side.BUY.value, 1), else_=-1) * fills.c.quantity)
    since = case((trades.c.repair_since_ns > 0, trades.c.repair_since_ns), else_=trades.c.updated_at_ns)
    worth = func.abs(base) * trades.c.notional_krw / trades.c.quantity
    found = (
        select(since.label("since_ns"), func.round(worth, 2).label("krw"))
        .select_from(
            trades.join(orders, orders.c.trade_id == trades.c.trade_id).join(
                fills, fills.c.client_order_id == orders.c.client_order_id
            )
        )
        .where(trades.c.session_id == session_id, trades.c.state.in_([state.value for state in MOVING]))
        .group_by(trades.c.trade_id)
        .having(base != 0)
    )
    return tuple(Uneven(since_ns=row.since_ns, krw=row.krw) for row in connection.execute(found))
