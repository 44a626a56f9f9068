"""`arb.engine.health.watch.ChangeLog` in PostgreSQL."""

from dataclasses import asdict, dataclass

from sqlalchemy import Engine, insert

from arb.adapters.postgres.engine import transaction
from arb.adapters.postgres.tables import health_changes
from arb.domain.health.judge import Change


@dataclass(frozen=True, slots=True)
class SqlHealthChanges:
    """Changes of a level as rows."""

    engine: Engine

    def add(self, change: Change) -> None:
        values = asdict(change) | {"before": change.before.value, "after": change.after.value}
        with transaction(self.engine) as connection:
            connection.execute(insert(health_changes).values(values))
