"""`arb.reconcile`: the ledger against the venues."""

from arb.app.engines import engine
from arb.celery import app
from workers.disposition import retried


@app.task(name="arb.reconcile", **retried(1))
def reconcile() -> bool:
    """Compare once; returns whether everything at the venues is explained."""
    return engine().reconcile.run().explained
