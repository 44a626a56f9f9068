"""`arb.watchdog`: look for signs of life."""

from arb.bootstrap import engine
from arb.celery import app


@app.task(name="arb.watchdog")
def watchdog() -> dict[str, str]:
    """Look at every heartbeat once."""
    return {process: str(verdict) for process, verdict in engine().watch.run().items()}
