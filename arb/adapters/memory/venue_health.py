"""`arb.engine.trading.stability.VenueHealthStore` in memory."""

from dataclasses import dataclass

from arb.adapters.memory.tables import MemoryTables, OrderEvent
from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.stability import TROUBLES, VenueRecord
from arb.domain.trading.order import Event


@dataclass(frozen=True, slots=True)
class MemoryVenueHealth:
    """What became of recent claims, by venue, and pauses that venues asked for."""

    tables: MemoryTables

    def pause(self, session_id: SessionId, venue: Venue, until_ns: int, reason: str) -> None:
        with self.tables.transaction():
            known_ns, _ = self.tables.pauses.get((session_id, venue), (0, ""))
            if known_ns < until_ns:
                self.tables.pauses[session_id, venue] = (until_ns, reason)

    def records(self, session_id: SessionId, since_ns: int) -> dict[Venue, VenueRecord]:
        with self.tables.transaction():
            return {venue: self._record(session_id, venue, since_ns) for venue in Venue}

    def _record(self, session_id: SessionId, venue: Venue, since_ns: int) -> VenueRecord:
        rows = [
            row
            for row in self.tables.orders.values()
            if row.session_id == session_id
            and row.order.venue is venue
            and row.order.created_at_ns > since_ns
        ]
        events: list[OrderEvent] = [event for row in rows for event in row.events]
        troubles = [event.at_ns for event in events if event.event in TROUBLES]
        return VenueRecord(
            claims=sum(event.event is Event.CLAIM for event in events),
            troubles=len(troubles),
            last_trouble_ns=max(troubles, default=0),
            paused_until_ns=self.tables.pauses.get((session_id, venue), (0, ""))[0],
        )
