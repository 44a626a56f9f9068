"""The real app with one task more, whose effect is a row: `celery -A arb.chaos.queue.work:app worker`.

`:fallback` is the worker of the fallback broker.
"""

from functools import cache

from celery import Task

from arb.adapters.local.clock import SystemClock
from arb.celery import app
from arb.chaos.queue.effects import Effects
from config import addresses

TASK = "arb.chaos.effect"
fallback = app.fallback


@cache
def effects() -> Effects:
    """Return this process's way to the rows."""
    return Effects(addresses.database_url(addresses.settings()), SystemClock())


@app.task(name=TASK, bind=True)  # type: ignore[untyped-decorator]
def effect(self: Task, number: int) -> None:
    """Have one effect, unless it was had."""
    effects().run(number, str(self.request.hostname))
