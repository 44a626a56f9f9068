"""Snapshots as they are stored: four parts in compressed rows, each sealed together with its header.

The header is inside the checksummed body and beside it, so that a change of any byte of either is seen.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from arb.domain.errors import DataError
from arb.domain.market.ids import SessionId
from arb.domain.state.snapshot import PARTS, SCHEMA_VERSION, Snapshot, SnapshotKind, canonical, checksum

CHUNK: Final = 1_000  # trades in one row at most


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
    chunk: int = 0
    chunks: int = 1


def row_name(name: str, chunk: int) -> str:
    """Return what a row is called among those of its snapshot."""
    return f"{name}#{chunk}" if chunk else name


def seal(snapshot: Snapshot) -> dict[str, SealedPart]:
    """Return the rows of a snapshot: one a part, and more where there are many trades."""
    rows: dict[str, SealedPart] = {}
    for name in PARTS:
        pieces = list(_pieces(name, snapshot.parts[name]))
        for chunk, piece in enumerate(pieces):
            rows[row_name(name, chunk)] = seal_piece(snapshot, name, piece, chunk, len(pieces))
    return rows


def _pieces(name: str, part: Any) -> Iterator[Any]:
    trades = part.get("trades", ()) if name == "positions" else ()
    yield part if len(trades) <= CHUNK else {**part, "trades": trades[:CHUNK]}
    for start in range(CHUNK, len(trades), CHUNK):
        yield {"trades": trades[start : start + CHUNK]}


def seal_piece(snapshot: Snapshot, name: str, piece: Any, chunk: int = 0, chunks: int = 1) -> SealedPart:
    """Return one row of a snapshot, whose own parts are not looked at: chunk `chunk` of `chunks`."""
    row = SealedPart(
        session_id=snapshot.session_id,
        slot=snapshot.slot,
        kind=snapshot.kind.value,
        schema_version=snapshot.schema_version,
        checksum="",
        ledger_position=snapshot.ledger_position,
        body=b"",
        taken_at_ns=snapshot.taken_at_ns,
        chunk=chunk,
        chunks=chunks,
    )
    body = zlib.compress(canonical({"header": header(row, name), "part": piece}), level=1)
    return replace(row, body=body, checksum=checksum(body))


def header(row: SealedPart, name: str) -> dict[str, Any]:
    """Return what of a row is repeated inside its body."""
    found = {
        "session_id": row.session_id,
        "slot": row.slot,
        "kind": row.kind,
        "name": name,
        "schema_version": row.schema_version,
        "ledger_position": row.ledger_position,
        "taken_at_ns": row.taken_at_ns,
    }
    return found if row.schema_version < 2 else found | {"chunk": row.chunk, "chunks": row.chunks}


def unseal(rows: Mapping[str, SealedPart]) -> Snapshot:
    """Return the snapshot of its rows. Raises: DataError if anything is not as it was written."""
    if missing := [name for name in PARTS if name not in rows]:
        raise DataError("snapshot_incomplete", ", ".join(missing))
    first = rows[PARTS[0]]
    parts = {name: _joined(rows, name) for name in PARTS}
    for name, row in rows.items():
        alike = replace(row, chunk=0, chunks=1)
        if header(alike, "") != header(replace(first, chunk=0, chunks=1), ""):
            raise DataError("snapshot_mixed", name)
    return Snapshot(
        session_id=SessionId(first.session_id),
        kind=SnapshotKind(first.kind),
        slot=first.slot,
        taken_at_ns=first.taken_at_ns,
        ledger_position=first.ledger_position,
        parts=READERS[first.schema_version](parts),
        schema_version=first.schema_version,
    )


def _joined(rows: Mapping[str, SealedPart], name: str) -> Any:
    """Return a part from all of its rows."""
    chunks = [rows.get(row_name(name, number)) for number in range(rows[name].chunks)]
    if rows[name].chunks < 1 or None in chunks:
        raise DataError("snapshot_incomplete", name)
    found = [row for row in chunks if row is not None]
    if [row.chunk for row in found] != list(range(rows[name].chunks)):
        raise DataError("snapshot_mixed", name)
    pieces = [_opened(row, name) for row in found]
    if len(pieces) == 1:
        return pieces[0]
    return {**pieces[0], "trades": [trade for piece in pieces for trade in piece["trades"]]}


def _opened(row: SealedPart, name: str) -> Any:
    if row.schema_version not in READERS:
        raise DataError("snapshot_version", f"{name}: {row.schema_version}")
    if checksum(row.body) != row.checksum:
        raise DataError("snapshot_checksum", name)
    try:
        envelope = json.loads(zlib.decompress(row.body))
        if envelope["header"] == header(row, name):
            return envelope["part"]
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise DataError("snapshot_malformed", f"{name}: {error!r}") from error
    raise DataError("snapshot_header", name)


def _as_it_is(parts: dict[str, Any]) -> dict[str, Any]:
    return parts


def _from_1(parts: dict[str, Any]) -> dict[str, Any]:
    """Trades had no loss reserve and no residual yet."""
    for view in parts["positions"].get("trades", ()):
        view["trade"] = {"loss_reserve_krw": "0", "residual": "0"} | view["trade"]
    return parts


# What makes the parts of today of those of each schema version that may still be stored.
READERS: Final[Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]] = MappingProxyType(
    {1: _from_1, SCHEMA_VERSION: _as_it_is}
)
