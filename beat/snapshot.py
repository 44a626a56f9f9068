"""`arb.snapshot`: image a session; every interval, after a trade, at a stop, or by hand."""

from arb.bootstrap import engine, engine_for
from arb.celery import app
from arb.domain.ids import SessionId
from arb.domain.snapshot import SnapshotKind
from workers.disposition import retried


@app.task(name="arb.snapshot", **retried(3))
def snapshot(kind: str = SnapshotKind.MANUAL, session_id: str = "") -> str | None:
    """Take one snapshot; returns its slot, or None if that slot was already taken."""
    built = engine_for(SessionId(session_id)) if session_id else engine()
    return built.take_snapshot.run(SnapshotKind(kind))


@app.task(name="arb.cleanup", **retried(3))
def cleanup() -> None:
    """Delete snapshots that are older than the settings keep."""
    engine().snapshots.clean_up(engine().settings.snapshot.keep_days)
