"""An image of a session at one consistent point: what resuming starts from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from arb.domain.market.ids import SessionId

SCHEMA_VERSION = 2  # 1: the positions in one piece, no chunk numbers in the headers
PARTS = ("session", "positions", "metrics", "risk_guard")


class SnapshotKind(StrEnum):
    """Why a snapshot was taken."""

    PERIODIC = "periodic"
    ON_TRADE = "on_trade"
    ON_STOP = "on_stop"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Four parts of a session's state, each plain JSON (amounts as text, times in nanoseconds)."""

    session_id: SessionId
    kind: SnapshotKind
    slot: str  # unique: the same slot is taken once, whoever asks
    taken_at_ns: int
    ledger_position: int  # the last ledger entry that is in it
    parts: Mapping[str, Any]  # by the names in PARTS
    schema_version: int = SCHEMA_VERSION


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


def canonical(part: Any) -> bytes:
    """Return the one text of a part, so that equal parts have equal checksums."""
    return json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def checksum(body: bytes) -> str:
    """Return the SHA-256 of a part's canonical text, in hex."""
    return hashlib.sha256(body).hexdigest()
