"""The Celery app of the worker processes under test: one task that notes in a file that it ran.

ARB_TOWN_BROKER, ARB_TOWN_LEDGER and ARB_TOWN_KIND (`stock` or `ours`) come in by the environment.
"""

import os
import time

from celery import Celery
from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

OURS = os.environ.get("ARB_TOWN_KIND", "ours") == "ours"
VISIBILITY_TIMEOUT_S = int(os.environ.get("ARB_TOWN_VISIBILITY_S", "4"))
QUEUES = ("orders", "evaluate", "housekeeping")

if OURS:
    TRANSPORT_ALIASES["redis"] = "arb.adapters.transport:Transport"

app = Celery(
    "town",
    broker=os.environ.get("ARB_TOWN_BROKER", "redis://127.0.0.1:1/0"),
    task_cls="arb.adapters.transport.task:Task" if OURS else None,
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
        worker_consumer="arb.adapters.transport.consumer:HardenedConsumer",
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


def note(text: str) -> None:
    """Append one line, whole or not at all."""
    ledger = os.open(os.environ["ARB_TOWN_LEDGER"], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(ledger, f"{text} {time.time_ns()}\n".encode())
    os.close(ledger)


@app.task(name="town.work")
def work(number: int, duration_ms: int = 0) -> None:
    """Take as long as told, then note the number."""
    started_ns = time.time_ns()
    if duration_ms:
        time.sleep(duration_ms / 1000)
    note(f"{number} {started_ns}")


@app.task(name="town.stubborn", bind=True, max_retries=3)
def stubborn(self, number: int) -> None:
    """Retry until the last attempt, then note the number."""
    if self.request.retries < 3:
        raise self.retry(countdown=0.1)
    note(f"{number} {time.time_ns()}")
