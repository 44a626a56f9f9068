"""`arb.sweep_orders`: re-send what is overdue."""

from arb.app.engines import engine
from arb.celery import app


@app.task(name="arb.sweep_orders")
def sweep_orders() -> int:
    """Sweep once; the next sweep comes anyway, so nothing is retried."""
    return engine().sweep.run()
