"""`arb.engine.trading.stability.VenueHealthStore` in PostgreSQL."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, func, select
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.tables import order_events, orders, venue_pauses
from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.stability import TROUBLES, VenueRecord
from arb.domain.trading.order import Event

TROUBLE: Final = order_events.c.event.in_(sorted(event.value for event in TROUBLES))
CLAIM: Final = order_events.c.event == Event.CLAIM.value


@dataclass(frozen=True, slots=True)
class SqlVenueHealth:
    """What became of recent claims, by venue, and pauses that venues asked for."""

    engine: Engine

    def pause(self, session_id: SessionId, venue: Venue, until_ns: int, reason: str) -> None:
        values = {"session_id": session_id, "venue": venue.value, "until_ns": until_ns, "reason": reason}
        written = insert(venue_pauses).values(values)
        longer = written.on_conflict_do_update(
            index_elements=["session_id", "venue"],
            set_={"until_ns": written.excluded.until_ns, "reason": written.excluded.reason},
            where=venue_pauses.c.until_ns < written.excluded.until_ns,
        )
        with transaction(self.engine) as connection:
            connection.execute(longer)

    def records(self, session_id: SessionId, since_ns: int) -> dict[Venue, VenueRecord]:
        with reading(self.engine) as connection:
            paused = {venue: until_ns for venue, (until_ns, _) in pauses(connection, session_id).items()}
            found = {venue: VenueRecord(paused_until_ns=paused.get(venue, 0)) for venue in Venue}
            for row in connection.execute(_counts(session_id, since_ns)):
                venue = Venue(row.venue)
                found[venue] = VenueRecord(
                    claims=row.claims,
                    troubles=row.troubles,
                    last_trouble_ns=row.last_trouble_ns or 0,
                    paused_until_ns=paused.get(venue, 0),
                )
        return found


def _counts(session_id: SessionId, since_ns: int) -> Select[Any]:
    return (
        select(
            orders.c.venue,
            func.count().filter(CLAIM).label("claims"),
            func.count().filter(TROUBLE).label("troubles"),
            func.max(order_events.c.at_ns).filter(TROUBLE).label("last_trouble_ns"),
        )
        .join(order_events, order_events.c.client_order_id == orders.c.client_order_id)
        .where(orders.c.session_id == session_id, orders.c.created_at_ns > since_ns)
        .group_by(orders.c.venue)
    )


def pauses(connection: Connection, session_id: SessionId) -> dict[Venue, tuple[int, str]]:
    """Return until when each venue is left alone, and why."""
    wanted = select(venue_pauses).where(venue_pauses.c.session_id == session_id)
    rows = connection.execute(wanted.order_by(venue_pauses.c.venue))
    return {Venue(row.venue): (row.until_ns, row.reason) for row in rows}
