"""What the watchdog tells, in PostgreSQL: alerts, and what `arb alerts` asks of them; changes of level."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine, insert, select, update

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.tables import alerts, health_changes, sessions
from arb.domain.health.alert import Alert
from arb.domain.health.judge import LevelChange
from arb.domain.market.ids import SessionId

COLUMNS = (
    "alert_id", "session_id", "at_ns", "severity", "kind", "subject", "message", "held_back", "delivered_by",
    "acked_at_ns",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SqlAlertStore:
    """`arb.ports.messaging.AlertStore` in PostgreSQL."""

    engine: Engine

    def add(self, session_id: SessionId | None, alert: Alert) -> None:
        values = asdict(alert) | {"severity": alert.severity.value, "session_id": session_id}
        del values["grade"]  # it has decided whether the alert is told
        with transaction(self.engine) as connection:
            connection.execute(insert(alerts).values(values))

    def newest(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest alerts of every mode, newest first, each with whose it is; some are of none.

        Raises: StoreUnavailable.
        """
        whose = (sessions.c.environment.label("mode"), sessions.c.group_name.label("group"))
        wanted = (
            select(*(alerts.c[name] for name in COLUMNS), *whose)
            .outerjoin(sessions, sessions.c.session_id == alerts.c.session_id)
            .order_by(alerts.c.alert_id.desc())
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]

    def unknown(self, ids: Sequence[int]) -> tuple[int, ...]:
        """Return those that no alert has. Raises: StoreUnavailable."""
        there = select(alerts.c.alert_id).where(alerts.c.alert_id.in_(ids))
        with reading(self.engine) as connection:
            known = set(connection.execute(there).scalars())
        return tuple(each for each in ids if each not in known)

    def acknowledge(self, ids: Sequence[int] | None, now_ns: int) -> int:
        """Mark these, or all, as seen; return how many were not yet. Raises: StoreUnavailable."""
        unseen = update(alerts).where(alerts.c.acked_at_ns == 0)
        if ids is not None:
            unseen = unseen.where(alerts.c.alert_id.in_(ids))
        with transaction(self.engine) as connection:
            return connection.execute(unseen.values(acked_at_ns=now_ns)).rowcount


@dataclass(frozen=True, slots=True)
class SqlHealthChanges:
    """`arb.engine.health.watch.ChangeLog`: changes of a level as rows."""

    engine: Engine

    def add(self, change: LevelChange) -> None:
        values = asdict(change) | {"before": change.before.value, "after": change.after.value}
        with transaction(self.engine) as connection:
            connection.execute(insert(health_changes).values(values))
