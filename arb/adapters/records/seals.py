"""Snapshots as they are stored: four compressed parts, each sealed together with its own header.

The header is inside the checksummed body and beside it, so that a change of any byte of either is seen.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arb.domain.errors import DataError
from arb.domain.ids import SessionId
from arb.domain.snapshot import PARTS, SCHEMA_VERSION, Snapshot, SnapshotKind, canonical, checksum


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPart:
    """One row of one snapshot table."""

    session_id: str
    slot: str
    kind: str
    schema_version: int
    checksum: str
    ledger_position: int
    body: bytes
    taken_at_ns: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A snapshot that was passed over, and why."""

    slot: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """The newest snapshot that verifies, and the newer ones that do not."""

    snapshot: Snapshot | None
    skipped: tuple[Skipped, ...]


def seal(snapshot: Snapshot) -> dict[str, SealedPart]:
    """Return the rows of a snapshot by part."""
    return {name: _sealed(snapshot, name) for name in PARTS}


def _sealed(snapshot: Snapshot, name: str) -> SealedPart:
    header = _header(snapshot, name)
    body = zlib.compress(canonical({"header": header, "part": snapshot.parts[name]}), level=1)
    return SealedPart(
        session_id=snapshot.session_id,
        slot=snapshot.slot,
        kind=snapshot.kind.value,
        schema_version=snapshot.schema_version,
        checksum=checksum(body),
        ledger_position=snapshot.ledger_position,
        body=body,
        taken_at_ns=snapshot.taken_at_ns,
    )


def _header(row: Snapshot | SealedPart, name: str) -> dict[str, Any]:
    return {
        "session_id": row.session_id,
        "slot": row.slot,
        "kind": str(row.kind),
        "name": name,
        "schema_version": row.schema_version,
        "ledger_position": row.ledger_position,
        "taken_at_ns": row.taken_at_ns,
    }


def unseal(rows: Mapping[str, SealedPart]) -> Snapshot:
    """Return the snapshot of four rows. Raises: DataError if anything is not as it was written."""
    if missing := [name for name in PARTS if name not in rows]:
        raise DataError("snapshot_incomplete", ", ".join(missing))
    parts = {name: _opened(rows[name], name) for name in PARTS}
    first = rows[PARTS[0]]
    for name in PARTS:
        if _header(rows[name], "") != _header(first, ""):
            raise DataError("snapshot_mixed", name)
    return Snapshot(
        session_id=SessionId(first.session_id),
        kind=SnapshotKind(first.kind),
        slot=first.slot,
        taken_at_ns=first.taken_at_ns,
        ledger_position=first.ledger_position,
        parts=parts,
        schema_version=first.schema_version,
    )


def _opened(row: SealedPart, name: str) -> Any:
    if row.schema_version != SCHEMA_VERSION:
        raise DataError("snapshot_version", f"{name}: {row.schema_version}")
    if checksum(row.body) != row.checksum:
        raise DataError("snapshot_checksum", name)
    envelope = json.loads(zlib.decompress(row.body))
    if envelope["header"] != _header(row, name):
        raise DataError("snapshot_header", name)
    return envelope["part"]
