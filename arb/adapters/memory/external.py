"""`arb.ports.trading.ExternalOrderStore` in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from arb.adapters.memory.tables import MemoryTables
from arb.domain.market.ids import SessionId, Venue
from arb.domain.trading.external import ExternalOrder, ExternalState, ListedOrder


@dataclass(frozen=True, slots=True)
class MemoryExternalOrderStore:
    """Other people's orders on our accounts."""

    tables: MemoryTables

    def adopt(
        self, session_id: SessionId, venue: Venue, listed: Sequence[ListedOrder], now_ns: int
    ) -> tuple[ListedOrder, ...]:
        with self.tables.transaction():
            known, place = self.tables.external, self.tables.place(session_id, venue)
            new = tuple(each for each in listed if (place, each.venue_order_id) not in known)
            for key, order in known.items():
                if key[0] == place:
                    known[key] = replace(order, state=ExternalState.GONE)
            for each in listed:
                before = known.get((place, each.venue_order_id))
                known[place, each.venue_order_id] = ExternalOrder(
                    venue=venue,
                    venue_order_id=each.venue_order_id,
                    client_id=each.client_order_id,
                    symbol=each.symbol,
                    first_seen_ns=before.first_seen_ns if before else now_ns,
                    last_seen_ns=now_ns,
                    state=ExternalState.OPEN,
                )
            return new

    def known(self, session_id: SessionId, venue: Venue) -> tuple[ExternalOrder, ...]:
        with self.tables.transaction():
            wanted = self.tables.place(session_id, venue)
            own = [order for key, order in self.tables.external.items() if key[0] == wanted]
            return tuple(sorted(own, key=lambda order: (-order.first_seen_ns, order.venue_order_id)))
