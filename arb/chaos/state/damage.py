"""Harm to stored snapshots, one piece at a time: every column of every table, and worse."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, text

from arb.adapters.postgres.engine import transaction
from arb.adapters.postgres.tables import SNAPSHOTS
from arb.domain.market.ids import SessionId

TABLES: Final = tuple(table.name for table in SNAPSHOTS.values())
FIRST: Final = TABLES[0]
# How each column is changed; a row that leaves its session or slot is a row that is missing there.
CHANGES: Final = {
    "session_id": "session_id = (SELECT session_id FROM sessions WHERE session_id <> :session_id LIMIT 1)",
    "slot": "slot = slot || 'x'",
    "kind": "kind = 'on_stop'",
    "schema_version": "schema_version = 1",
    "unknown version": "schema_version = 99",
    "checksum": "checksum = reverse(checksum)",
    "ledger_position": "ledger_position = ledger_position + 1",
    "taken_at_ns": "taken_at_ns = taken_at_ns + 1",
    "chunk": "chunk = chunk + 1",
    "chunks": "chunks = chunks + 1",
    "first byte": "body = set_byte(body, 0, (get_byte(body, 0) + 1) % 256)",
    "middle byte": "body = set_byte(body, length(body) / 2, (get_byte(body, length(body) / 2) + 1) % 256)",
    "last byte": "body = set_byte(body, length(body) - 1, (get_byte(body, length(body) - 1) + 1) % 256)",
    "truncated": "body = substr(body, 1, length(body) / 2)",
    "emptied": "body = ''",
}
# The first table says which snapshots there are: what leaves it is not there, and nobody can name it.
HIDING: Final = ("session_id", "slot", "missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """One change of one row."""

    name: str
    statement: str
    hides: bool  # the whole snapshot

    def do(self, database: Engine, session_id: SessionId, slot: str) -> None:
        """Damage the snapshot's rows."""
        _run(database, self.statement, session_id, slot)


def harms() -> Iterator[Harm]:
    """Yield every way to damage a snapshot: each change of each table."""
    for table in TABLES:
        for name, change in CHANGES.items():
            statement = f"UPDATE {table} SET {change} WHERE session_id = :session_id AND slot = :slot"
            yield Harm(name=f"{table} {name}", statement=statement, hides=table == FIRST and name in HIDING)
        statement = f"DELETE FROM {table} WHERE session_id = :session_id AND slot = :slot"
        yield Harm(name=f"{table} missing", statement=statement, hides=table == FIRST)


def remove(database: Engine, session_id: SessionId, slot: str) -> None:
    """Remove what is left of a snapshot, wherever it was moved."""
    for table in TABLES:
        _run(database, f"DELETE FROM {table} WHERE slot IN (:slot, :slot || 'x')", session_id, slot)


def empty_all(database: Engine, session_id: SessionId) -> None:
    """Empty every body of a session's snapshots."""
    for table in TABLES:
        _run(database, f"UPDATE {table} SET body = '' WHERE session_id = :session_id", session_id, "")


def _run(database: Engine, statement: str, session_id: SessionId, slot: str) -> None:
    given = {"session_id": session_id, "slot": slot}
    with transaction(database) as connection:
        wanted = {name: value for name, value in given.items() if f":{name}" in statement}
        connection.execute(text(statement), wanted)
