"""`arb.ports.messaging.AlertStore` in memory."""

from dataclasses import dataclass

from arb.adapters.memory.tables import MemoryTables
from arb.domain.health.alert import Alert
from arb.domain.market.ids import SessionId


@dataclass(frozen=True, slots=True)
class MemoryAlertStore:
    """Alerts in memory, the twin of the table."""

    tables: MemoryTables

    def add(self, session_id: SessionId | None, alert: Alert) -> None:
        with self.tables.transaction():
            if session_id is not None:
                self.tables.session(session_id)
            self.tables.alerts.append((session_id, alert))
