"""`arb.canary.<queue>`: a task that only says how long it waited in its queue."""

from arb.app.engines import engine
from arb.celery import app
from arb.domain.health.queues import QUEUES


def answer(queue: str, sent_ns: int) -> None:
    """Leave the latency of this canary where the watchdog looks."""
    wired = engine()
    now_ns = wired.clock.now_ns()
    wired.stores.canaries.beat(queue, {"latency_us": str((now_ns - sent_ns) // 1_000)}, now_ns)


def _task(queue: str) -> None:
    @app.task(name=f"arb.canary.{queue}")
    def canary(sent_ns: int) -> None:
        answer(queue, sent_ns)


for _queue in QUEUES:
    _task(_queue)
