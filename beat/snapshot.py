"""`arb.snapshot`: image a session; every interval, after a trade, at a stop, or by hand."""

from arb.app.engines import engine, engine_for
from arb.celery import app
from arb.domain.market.ids import SessionId
from arb.domain.state.snapshot import SnapshotKind
from arb.domain.time import NS_PER_DAY
from workers.disposition import retried


@app.task(name="arb.snapshot", **retried(3))
def snapshot(kind: str = SnapshotKind.MANUAL, session_id: str = "") -> str | None:
    """Take one snapshot; returns its slot, or None if that slot was already taken."""
    built = engine_for(SessionId(session_id)) if session_id else engine()
    return built.take_snapshot.run(SnapshotKind(kind))


@app.task(name="arb.cleanup", **retried(3))
def cleanup() -> None:
    """Delete snapshots that are older than the settings keep, and dead letters that were sent again."""
    wired = engine()
    keep_days = wired.settings.snapshot.keep_days
    wired.snapshots.clean_up(keep_days)
    wired.stores.dead_letters.clean_up(wired.clock.now_ns() - keep_days * NS_PER_DAY)
