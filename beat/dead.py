"""`arb.collect_dead`: what was given up while PostgreSQL was away, and what nobody could read."""

from arb.app.dead import undertaking
from arb.celery import app


@app.task(name="arb.collect_dead")
def collect_dead() -> int:
    """Collect once; the next time comes anyway, so nothing is retried."""
    return undertaking().collect.run()
