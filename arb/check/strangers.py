"""What sessions of other modes and accounts on the same server have, read from SQL."""

from typing import Final

from sqlalchemy import Connection, and_, or_, select

from arb.adapters.postgres.owners import owner_of
from arb.adapters.postgres.session_accounts import NAMED
from arb.adapters.postgres.tables import account_keys, fills, orders, sessions
from arb.check.history import FillKey, Strangers
from arb.domain.market.ids import FillId, SessionId, Symbol, Venue
from arb.domain.state.owner import Names
from arb.ports.trading import Session

LOOK_BACK_NS: Final = 60_000_000_000  # an order may be placed a while after its intent was written


def names_of(connection: Connection, environment: str) -> Names:
    """Return what accounts of an environment are called today, by what they were called before."""
    known = select(account_keys).where(account_keys.c.environment == environment)
    return {(Venue(row.venue), row.fingerprint): row.account for row in connection.execute(known)}


def strangers(connection: Connection, session: Session, names: Names) -> Strangers:
    """Return what is not of this session's owner, since it began."""
    listed = connection.execute(select(sessions.c.session_id, sessions.c.environment, NAMED))
    owners = {SessionId(row.session_id): owner_of(row) for row in listed}
    others = [each for each, owner in owners.items() if not session.owner.may_touch(owner)]
    of_others = and_(
        orders.c.session_id.in_(others), orders.c.created_at_ns >= session.started_at_ns - LOOK_BACK_NS
    )
    placed = connection.execute(select(orders.c.client_order_id, orders.c.session_id).where(of_others)).all()
    called = {venue: {"", name} for venue, name in session.accounts.items()}
    for (venue, before), name in names.items():
        if session.accounts.get(venue) == name:
            called[venue].add(before)
    of_venues = (and_(fills.c.venue == venue.value, fills.c.account.in_(of)) for venue, of in called.items())
    ours = and_(fills.c.environment == session.environment, or_(fills.c.account == "", *of_venues))
    joined = fills.join(orders, fills.c.client_order_id == orders.c.client_order_id)
    taken = connection.execute(
        select(fills.c.venue, fills.c.symbol, fills.c.fill_id, orders.c.session_id)
        .select_from(joined)
        .where(of_others, ours)
    ).all()
    return Strangers(
        owners=owners,
        names=names,
        orders={row.client_order_id: owners[SessionId(row.session_id)] for row in placed},
        fills={
            FillKey(Venue(row.venue), Symbol(row.symbol), FillId(row.fill_id)): owners[
                SessionId(row.session_id)
            ]
            for row in taken
        },
    )
