"""`arb.ports.AlertStore` in PostgreSQL."""

from dataclasses import asdict, dataclass

from sqlalchemy import Engine, insert

from arb.adapters.sql.engine import transaction
from arb.adapters.sql.tables import alerts
from arb.domain.alert import Alert
from arb.domain.ids import SessionId


@dataclass(frozen=True, slots=True)
class SqlAlertStore:
    """Alerts as rows."""

    engine: Engine

    def add(self, session_id: SessionId | None, alert: Alert) -> None:
        values = asdict(alert) | {"severity": alert.severity.value, "session_id": session_id}
        with transaction(self.engine) as connection:
            connection.execute(insert(alerts).values(values))
