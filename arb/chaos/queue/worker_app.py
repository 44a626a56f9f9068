"""The Celery app of workers of a kind, `stock` or `ours`: one task that notes in a file that it ran.

SANDBOX_BROKER, _LEDGER, _KIND, _VISIBILITY_S and _DATABASE come in by the environment.
Where there is a database, the task has an effect there too, at most once.
"""

import os

from celery import Celery, Task
from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

from arb.adapters.local.clock import SystemClock
from arb.chaos.queue.effects import Effects
from arb.domain.health.queues import QUEUES

OURS = os.environ.get("SANDBOX_KIND", "ours") == "ours"
VISIBILITY_TIMEOUT_S = int(os.environ.get("SANDBOX_VISIBILITY_S", "4"))

if OURS:
    TRANSPORT_ALIASES["redis"] = "arb.adapters.broker.redis_transport:RedisTransport"

app = Celery(
    "sandbox",
    broker=os.environ.get("SANDBOX_BROKER", "redis://127.0.0.1:1/0"),
    task_cls="arb.adapters.broker.poison:Task" if OURS else None,
)
app.conf.update(
    task_queues=[Queue(name) for name in QUEUES],
    task_default_queue="orders",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_max_retries=None,
    # Tuned, so that what a dead worker held returns within the test on either kind.
    broker_transport_options={
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "priority_steps": [0],
    },
)
if OURS:
    app.conf.update(
        worker_consumer="arb.adapters.broker.consumer:HardenedConsumer",
        broker_channel_error_retry=True,
        broker_transport_options={
            **app.conf.broker_transport_options,
            "socket_connect_timeout": 0.25,
            "socket_timeout": 1.0,
            "health_check_interval": 2,
            "max_retries": 0,
            "queue_order_strategy": "priority",
        },
    )


clock = SystemClock()
effects = Effects(os.environ["SANDBOX_DATABASE"], clock) if "SANDBOX_DATABASE" in os.environ else None


def note(number: int, started_ns: int) -> None:
    """Append one line, whole or not at all."""
    ledger = os.open(os.environ["SANDBOX_LEDGER"], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(ledger, f"{number} {started_ns} {clock.now_ns()}\n".encode())
    os.close(ledger)


@app.task(name="sandbox.work", bind=True)  # type: ignore[untyped-decorator]
def work(self: Task, number: int, duration_ms: int = 0) -> None:
    """Take as long as told, have the effect, then note the number."""
    started_ns = clock.now_ns()
    clock.sleep_ms(duration_ms)
    if effects is not None:
        effects.run(number, str(self.request.hostname))
    note(number, started_ns)


@app.task(name="sandbox.hop")  # type: ignore[untyped-decorator]
def hop(number: int) -> None:
    """Send the number on to the next worker."""
    app.send_task("sandbox.work", (number,), queue="evaluate")


@app.task(name="sandbox.stubborn", bind=True, max_retries=3)  # type: ignore[untyped-decorator]
def stubborn(self: Task, number: int) -> None:
    """Retry until the last attempt, then note the number."""
    if self.request.retries < 3:
        raise self.retry(countdown=0.1)
    note(number, clock.now_ns())
