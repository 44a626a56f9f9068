"""`arb.ports.SnapshotStore` in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.records.images import parts
from arb.adapters.records.seals import Found, SealedPart, Skipped, seal, unseal
from arb.adapters.sql import images, ledger
from arb.adapters.sql.engine import reading, transaction
from arb.adapters.sql.tables import SNAPSHOTS
from arb.domain.errors import DataError
from arb.domain.ids import SessionId
from arb.domain.snapshot import PARTS, Snapshot

COLUMNS = tuple(SealedPart.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class SqlSnapshotStore:
    """Images of sessions in four tables."""

    engine: Engine

    def image(self, session_id: SessionId) -> tuple[int, Mapping[str, Any]]:
        with reading(self.engine) as connection:
            position = ledger.position(connection, session_id)
            return position, parts(images.read(connection, session_id))

    def save(self, snapshot: Snapshot) -> bool:
        sealed = seal(snapshot)
        first, *others = PARTS
        with transaction(self.engine) as connection:
            # The first table decides who has the slot: a second writer waits here and then leaves.
            taken = insert(SNAPSHOTS[first]).values(asdict(sealed[first])).on_conflict_do_nothing()
            if not connection.execute(taken).rowcount:
                return False
            for name in others:
                connection.execute(insert(SNAPSHOTS[name]).values(asdict(sealed[name])))
        return True

    def latest(self, session_id: SessionId) -> Snapshot | None:
        return self.find(session_id).snapshot

    def find(self, session_id: SessionId) -> Found:
        """Return the newest snapshot that verifies, and which newer ones were skipped and why."""
        skipped: list[Skipped] = []
        with reading(self.engine) as connection:
            for slot in _slots(connection, session_id):
                try:
                    return Found(unseal(_rows(connection, session_id, slot)), tuple(skipped))
                except DataError as error:
                    skipped.append(Skipped(slot, str(error)))
        return Found(None, tuple(skipped))

    def clean_up(self, days_to_keep: int) -> int:
        """Delete snapshots older than that, never a session's newest; return how many went."""
        with transaction(self.engine) as connection:
            removed = connection.execute(select(func.cleanup_old_snapshots(days_to_keep)))
            return int(removed.scalar_one())


def _slots(connection: Connection, session_id: SessionId) -> list[str]:
    first = SNAPSHOTS[PARTS[0]]
    newest = first.c.taken_at_ns.desc(), first.c.slot.desc()
    return list(
        connection.execute(
            select(first.c.slot).where(first.c.session_id == session_id).order_by(*newest)
        ).scalars()
    )


def _rows(connection: Connection, session_id: SessionId, slot: str) -> dict[str, SealedPart]:
    found = {}
    for name in PARTS:
        table = SNAPSHOTS[name]
        wanted = select(*(table.c[column] for column in COLUMNS)).where(
            table.c.session_id == session_id, table.c.slot == slot
        )
        row = connection.execute(wanted).mappings().one_or_none()
        if row is not None:
            found[name] = SealedPart(**row)
    return found
