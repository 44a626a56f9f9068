"""`arb.ports.ExternalOrderStore` in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.tables import external_orders
from arb.domain.market.ids import Venue, VenueOrderId
from arb.domain.trading.external import ExternalOrder, ExternalState, ListedOrder

KEY: Final = ("venue", "venue_order_id")


@dataclass(frozen=True, slots=True)
class SqlExternalOrderStore:
    """Other people's orders on our accounts."""

    engine: Engine

    def adopt(self, venue: Venue, listed: Sequence[ListedOrder], now_ns: int) -> tuple[ListedOrder, ...]:
        by_id = {each.venue_order_id: each for each in listed}
        with transaction(self.engine) as connection:
            connection.execute(
                update(external_orders)
                .where(
                    external_orders.c.venue == venue.value,
                    external_orders.c.state == ExternalState.OPEN.value,
                    external_orders.c.venue_order_id.not_in(list(by_id)),
                )
                .values(state=ExternalState.GONE.value)
            )
            new = _insert(connection, list(by_id.values()), now_ns)
            connection.execute(
                update(external_orders)
                .where(external_orders.c.venue == venue.value, external_orders.c.venue_order_id.in_(by_id))
                .values(state=ExternalState.OPEN.value, last_seen_ns=now_ns)
            )
        return tuple(each for each in by_id.values() if each.venue_order_id in new)

    def known(self, venue: Venue) -> tuple[ExternalOrder, ...]:
        found = (
            select(external_orders)
            .where(external_orders.c.venue == venue.value)
            .order_by(external_orders.c.first_seen_ns.desc(), external_orders.c.venue_order_id)
        )
        with reading(self.engine) as connection:
            return tuple(_external(row) for row in connection.execute(found))


def _insert(connection: Connection, listed: Sequence[ListedOrder], now_ns: int) -> set[str]:
    """Write those that are not there yet; return their ids."""
    if not listed:
        return set()
    rows = [
        {
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
