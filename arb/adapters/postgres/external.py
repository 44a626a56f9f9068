"""`arb.ports.trading.ExternalOrderStore` in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.tables import external_orders, session_accounts, sessions
from arb.domain.market.ids import SessionId, Venue, VenueOrderId
from arb.domain.trading.external import ExternalOrder, ExternalState, ListedOrder

KEY: Final = ("environment", "account", "venue", "venue_order_id")


@dataclass(frozen=True, slots=True)
class SqlExternalOrderStore:
    """Other people's orders on our accounts."""

    engine: Engine

    def adopt(
        self, session_id: SessionId, venue: Venue, listed: Sequence[ListedOrder], now_ns: int
    ) -> tuple[ListedOrder, ...]:
        by_id = {each.venue_order_id: each for each in listed}
        ours = _of(session_id, venue)
        with transaction(self.engine) as connection:
            connection.execute(
                update(external_orders)
                .where(
                    ours,
                    external_orders.c.state == ExternalState.OPEN.value,
                    external_orders.c.venue_order_id.not_in(list(by_id)),
                )
                .values(state=ExternalState.GONE.value)
            )
            new = _insert(connection, session_id, venue, list(by_id.values()), now_ns)
            connection.execute(
                update(external_orders)
                .where(ours, external_orders.c.venue_order_id.in_(by_id))
                .values(state=ExternalState.OPEN.value, last_seen_ns=now_ns)
            )
        return tuple(each for each in by_id.values() if each.venue_order_id in new)

    def known(self, session_id: SessionId, venue: Venue) -> tuple[ExternalOrder, ...]:
        found = (
            select(external_orders)
            .where(_of(session_id, venue))
            .order_by(external_orders.c.first_seen_ns.desc(), external_orders.c.venue_order_id)
        )
        with reading(self.engine) as connection:
            return tuple(_external(row) for row in connection.execute(found))


def _owner(session_id: SessionId, venue: Venue) -> Select[Any]:
    """Return the environment of a session, and its account at a venue."""
    here = and_(
        session_accounts.c.session_id == sessions.c.session_id, session_accounts.c.venue == venue.value
    )
    return (
        select(sessions.c.environment, func.coalesce(session_accounts.c.account, "").label("account"))
        .select_from(sessions.outerjoin(session_accounts, here))
        .where(sessions.c.session_id == session_id)
    )


def _of(session_id: SessionId, venue: Venue) -> ColumnElement[bool]:
    """Return the condition for orders at a venue on the session's account: ids of another are another's."""
    mine = tuple_(external_orders.c.environment, external_orders.c.account)
    return and_(mine.in_(_owner(session_id, venue)), external_orders.c.venue == venue.value)


def _insert(
    connection: Connection, session_id: SessionId, venue: Venue, listed: Sequence[ListedOrder], now_ns: int
) -> set[str]:
    """Write those that are not there yet; return their ids."""
    if not listed:
        return set()
    owner = connection.execute(_owner(session_id, venue)).one()
    rows = [
        {
            "environment": owner.environment,
            "account": owner.account,
            "venue": each.venue.value,
            "venue_order_id": each.venue_order_id,
            "client_id": each.client_order_id,
            "symbol": each.symbol,
            "first_seen_ns": now_ns,
            "last_seen_ns": now_ns,
            "state": ExternalState.OPEN.value,
        }
        for each in listed
    ]
    statement = insert(external_orders).values(rows).on_conflict_do_nothing(index_elements=KEY)
    return set(connection.execute(statement.returning(external_orders.c.venue_order_id)).scalars())


def _external(row: Row[Any]) -> ExternalOrder:
    return ExternalOrder(
        venue=Venue(row.venue),
        venue_order_id=VenueOrderId(row.venue_order_id),
        client_id=row.client_id,
        symbol=row.symbol,
        first_seen_ns=row.first_seen_ns,
        last_seen_ns=row.last_seen_ns,
        state=ExternalState(row.state),
    )
