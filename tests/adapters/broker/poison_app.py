"""The Celery app of a worker that buries: one task that always fails, and one that notes that it ran."""

import os

from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

from arb.adapters.broker.celery_app import ArbCelery
from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.memory.alerts import MemoryAlertStore
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.postgres.dead_letters import SqlDeadLetters
from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.redis.client import connect
from arb.adapters.redis.dead_letters import RedisDeadLetterBuffer
from arb.chaos.queue.worker_app import note
from arb.domain.errors import InvariantError, StoreUnavailable
from arb.domain.health.queues import QUEUES
from arb.engine.health.dead_letters import KeepDeadLetter
from tests.adapters.broker.apps import FAST, MemoryCounters

SCOPE = "mock"
TRANSPORT_ALIASES["redis"] = "arb.adapters.broker.redis_transport:RedisTransport"


class NoAlerts:
    def raise_alert(self, alert):
        MemoryAlertStore(MemoryTables()).add(None, alert)


def keep_dead_letter(letter):
    KeepDeadLetter(
        store=SqlDeadLetters(make_engine(os.environ["ARB_POISON_DATABASE"], Pool(timeout_s=1)), SCOPE),
        buffer=RedisDeadLetterBuffer(connect(os.environ["ARB_POISON_REDIS"]), broker_prefix="", scope=SCOPE),
        alerts=NoAlerts(),
        counters=MemoryCounters(),
    ).run(letter)


app = ArbCelery(
    "poison",
    broker=os.environ.get("SANDBOX_BROKER", "redis://127.0.0.1:1/0"),
    clock=SystemClock(),
    entropy=SystemEntropy(),
    marks={},
    counters=MemoryCounters,
    keep_dead_letter=keep_dead_letter,
)
app.conf.update(
    task_queues=[Queue(name) for name in QUEUES],
    task_default_queue="orders",
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_consumer="arb.adapters.broker.consumer:HardenedConsumer",
    broker_transport_options=FAST
    | {"visibility_timeout": 2, "unacked_restore_interval": 1, "unacked_restore_throttle": 1},
)


@app.task(name="poison.work")
def work(number: int) -> None:
    """Note the number."""
    note(number, 0)


@app.task(name="poison.fails")
def fails(number: int) -> None:
    """Note the number, and fail."""
    note(number, 0)
    raise InvariantError(f"bug {number}")


@app.task(name="poison.outage")
def outage(number: int) -> None:
    """Note the number, and fail as during an outage."""
    note(number, 0)
    raise StoreUnavailable("away")
