"""The tasks that beat starts: snapshot, watchdog, reconciliation, store check, sweep, dead letters, metrics.

One that beat starts again soon anyway is not retried.
"""

from contextlib import suppress
from functools import cache

import structlog

from arb.app.chosen import choose_coins_of
from arb.app.dead_letters import dead_letter_use_cases
from arb.app.engines import engine, engine_for
from arb.app.facts.metrics import MetricsReader
from arb.app.messages import newsroom
from arb.celery import app
from arb.domain.errors import DataError, StoreUnavailable, VenueError
from arb.domain.market.ids import SessionId
from arb.domain.state.snapshot import SnapshotKind
from arb.domain.time import NS_PER_DAY
from arb.engine.health.probes.life import BEAT
from arb.stack.home import Home
from workers.life import end_worker
from workers.outcome import own_sessions_only, retried
from workers.watchdog_thread import act, tend


@app.task(name="arb.snapshot", **retried(3))
def snapshot(kind: str = SnapshotKind.MANUAL, session_id: str = "") -> str | None:
    """Image a session: every interval, after a trade, at a stop, or by hand.

    Returns the snapshot's slot, or None if that slot was already taken.
    """
    with own_sessions_only("arb.snapshot"):
        built = engine_for(SessionId(session_id)) if session_id else engine()
        return built.state.take_snapshot.run(SnapshotKind(kind))
    return None


@app.task(name="arb.cleanup", **retried(3))
def cleanup() -> None:
    """Delete what is older than the settings keep: snapshots, dead letters that were sent, records."""
    wired = engine()
    keep_days = wired.settings.snapshot.keep_days
    wired.stores.snapshots.clean_up(keep_days)
    before_ns = wired.clock.now_ns() - keep_days * NS_PER_DAY
    wired.stores.dead_letters.clean_up(before_ns)
    newsroom.clean_up(wired, before_ns)
    wired.recording.clean_up()


@app.task(name="arb.watchdog")
def watchdog() -> str | None:
    """Sweep, if no other process does, and act on it; that this is called at all is beat's sign of life.

    Returns the worst level, None if it is another process's turn.
    """
    wired = engine()
    wired.heartbeats.beat(BEAT, {}, wired.clock.now_ns())
    verdict = wired.health.watch.run()
    if verdict is None:
        return None
    act(wired, verdict)
    tend(wired, end_worker)
    return verdict.level.value


@app.task(name="arb.reconcile", **retried(1))
def reconcile() -> bool:
    """Compare the ledger with the venues once, and take up legs that this shows to be there still.

    Returns whether everything is explained.
    """
    ledger = engine().ledger
    found = ledger.reconcile.run()
    ledger.take_up.run(found)
    return found.explained


@app.task(name="arb.check_stores")
def check_stores() -> dict[str, bool]:
    """Look once whether PostgreSQL answers, and whether the hot state in Redis is SQL's."""
    built = engine()
    if not built.state.watch_database.run():
        return {"postgres": False}
    return {"postgres": True, "redis": built.state.hot_state.check_redis_health().reachable}


@app.task(name="arb.sweep_orders")
def sweep_orders() -> int:
    """Send again what is overdue."""
    return engine().trading.sweep.run()


@app.task(name="arb.tell")
def tell() -> bool:
    """Note what is news and have it told, beside this task: whoever tells may take long."""
    return newsroom.run(engine())


@app.task(name="arb.record")
def record() -> int:
    """Keep chances, and premiums if that is set; what cannot be kept now is a hole in the record."""
    with suppress(StoreUnavailable):
        return engine().recording.run()
    return 0


@app.task(name="arb.choose_coins", **retried(1))
def choose_coins() -> int:
    """Choose what is traded where no coins are named; return how many, 0 while that cannot be told."""
    wired = engine()
    try:
        return len(choose_coins_of(wired.shared).run().coins)
    except (VenueError, DataError) as error:
        wired.counters.count("coins_unchosen", type(error).__name__.lower())
        return 0


@app.task(name="arb.collect_dead")
def collect_dead() -> int:
    """Collect what was given up while PostgreSQL was away, and what nobody could read."""
    return dead_letter_use_cases().collect.run()


@app.task(name="arb.metrics")
def metrics() -> None:
    """Write how the session does into `live_loop.log`."""
    structlog.get_logger("arb.live_loop").info("metrics", **_metrics().read(engine()).facts())


@cache
def _metrics() -> MetricsReader:
    """Return this process's reader, which remembers what its last line saw."""
    return MetricsReader.of(Home.default())
