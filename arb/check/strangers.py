"""What sessions of other modes and accounts on the same server have, read from SQL."""

from typing import Final

from sqlalchemy import Connection, and_, or_, select

from arb.adapters.postgres.tables import fills, orders, sessions
from arb.check.history import FillKey, Strangers
from arb.domain.market.ids import FillId, SessionId, Symbol, Venue
from arb.domain.state.owner import Owner
from arb.ports.trading import Session

LOOK_BACK_NS: Final = 60_000_000_000  # an order may be placed a while after its intent was written


def strangers(connection: Connection, session: Session) -> Strangers:
    """Return what is not of this session's owner, since it began."""
    listed = connection.execute(select(sessions.c.session_id, sessions.c.environment, sessions.c.account))
    owners = {
        SessionId(row.session_id): Owner(environment=row.environment, account=row.account) for row in listed
    }
    others = [each for each, owner in owners.items() if not session.owner.may_touch(owner)]
    of_others = and_(
        orders.c.session_id.in_(others), orders.c.created_at_ns >= session.started_at_ns - LOOK_BACK_NS
    )
    placed = connection.execute(select(orders.c.client_order_id, orders.c.session_id).where(of_others)).all()
    ours = and_(
        fills.c.environment == session.environment,
        or_(fills.c.account == session.account, fills.c.account == ""),
    )
    joined = fills.join(orders, fills.c.client_order_id == orders.c.client_order_id)
    taken = connection.execute(
        select(fills.c.venue, fills.c.symbol, fills.c.fill_id, orders.c.session_id)
        .select_from(joined)
        .where(of_others, ours)
    ).all()
    return Strangers(
        owners=owners,
        orders={row.client_order_id: owners[SessionId(row.session_id)] for row in placed},
        fills={
            FillKey(Venue(row.venue), Symbol(row.symbol), FillId(row.fill_id)): owners[
                SessionId(row.session_id)
            ]
            for row in taken
        },
    )
