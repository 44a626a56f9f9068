"""`arb.engine.watch.ChangeLog` in PostgreSQL."""

from dataclasses import asdict, dataclass

from sqlalchemy import Engine, insert

from arb.adapters.sql.engine import transaction
from arb.adapters.sql.tables import health_changes
from arb.domain.health import Change


@dataclass(frozen=True, slots=True)
class SqlHealthChanges:
    """Changes of a level as rows."""

    engine: Engine

    def add(self, change: Change) -> None:
        values = asdict(change) | {"before": change.before.value, "after": change.after.value}
        with transaction(self.engine) as connection:
            connection.execute(insert(health_changes).values(values))
