"""The Celery app: `celery -A arb worker|beat|flower|call` find it here. Importing it connects nothing."""

from functools import cache
from typing import Final

from arb.adapters.celery_app import ArbCelery
from arb.adapters.clock import SystemClock, SystemEntropy
from arb.adapters.redis_store import RedisCounters, connect
from arb.domain.breaker import Watermark
from arb.domain.dead_letter import DeadLetter
from arb.ports import Counters
from config import addresses

# Above the high mark a queue's messages go to the fallback until it is down to the low one. An
# evaluation is worth nothing after a second; orders overflow last.
MARKS: Final = {
    "orders": Watermark(high=2_000, low=500),
    "evaluate": Watermark(high=200, low=50),
    "housekeeping": Watermark(high=500, low=100),
}


@cache
def counters() -> Counters:
    """Return where the dispatcher's counts go."""
    settings = addresses.settings()
    return RedisCounters(connect(addresses.redis_url(settings)), settings.scope)


def bury(letter: DeadLetter) -> None:
    """Give a message up. Raises: StoreUnavailable if neither store takes it."""
    from arb.bootstrap.dead import undertaking  # which stands on this module

    undertaking().bury.run(letter)


app = ArbCelery(
    "arb",
    clock=SystemClock(),
    entropy=SystemEntropy(),
    marks=MARKS,
    counters=counters,
    bury=bury,
    include=[
        "workers.evaluate",
        "workers.execute",
        "workers.settle",
        "workers.canary",
        "workers.life",
        "beat.snapshot",
        "beat.watchdog",
        "beat.reconcile",
        "beat.stores",
        "beat.sweeps",
        "beat.dead",
    ],
)
app.config_from_object("config.celeryconfig")
app.fallback_from_object("config.fallbackconfig")
