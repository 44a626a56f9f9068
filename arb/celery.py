"""The Celery app: `celery -A arb worker|beat|flower|call` find it here. Importing it connects nothing."""

from arb.adapters.celery_app import ArbCelery
from arb.adapters.clock import SystemClock

app = ArbCelery(
    "arb",
    clock=SystemClock(),
    include=[
        "workers.evaluate",
        "workers.execute",
        "workers.settle",
        "beat.snapshot",
        "beat.watchdog",
        "beat.reconcile",
        "beat.sweeps",
    ],
)
app.config_from_object("config.celeryconfig")
app.fallback_from_object("config.fallbackconfig")
