"""`arb.watchdog`: sweep, if no other process does; that it is called at all is beat's sign of life."""

from arb.app.engines import engine
from arb.celery import app
from arb.engine.health.probes.life import BEAT
from workers.life import end_worker
from workers.vigil import act


@app.task(name="arb.watchdog")
def watchdog() -> str | None:
    """Sweep once and act on it; returns the worst level, None if it is another process's turn."""
    wired = engine()
    wired.heartbeats.beat(BEAT, {}, wired.clock.now_ns())
    verdict = wired.watch.run()
    if verdict is None:
        return None
    act(wired, verdict, end_worker)
    return verdict.level.value
