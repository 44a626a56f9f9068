"""`arb.reconcile`: the ledger against the venues."""

from arb.bootstrap import engine
from arb.celery import app
from workers.disposition import retried


@app.task(name="arb.reconcile", **retried(1))
def reconcile() -> bool:
    """Compare once; returns whether the comparison was conclusive and found nothing."""
    found = engine().reconcile.run()
    return found.conclusive and not found.drifts
