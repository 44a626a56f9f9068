"""A publishing app of two brokers, made by hand: what `arb.celery` makes of the settings."""

from types import SimpleNamespace

from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES, _transport_cache

from arb.adapters.broker.celery_app import ArbCelery
from arb.adapters.broker.pgmq_transport import conninfo
from arb.adapters.local.clock import SeededEntropy, SystemClock
from arb.domain.health.breaker import Watermark
from arb.domain.health.queues import QUEUES

MARKS = {
    "orders": Watermark(high=200, low=50),
    "evaluate": Watermark(high=20, low=5),
    "housekeeping": Watermark(high=50, low=10),
}
FAST = {
    "socket_connect_timeout": 0.2,
    "socket_timeout": 1.0,
    "publish_timeout": 0.2,
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "priority_steps": [0],
}


class MemoryCounters:
    """Counts in a dictionary."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], int] = {}

    def count(self, name, reason, amount=1):
        self.counts[name, reason] = self.counts.get((name, reason), 0) + amount

    def read(self):
        return {}


def use_our_transport() -> None:
    """Let `redis://` and `pgmq://` mean ours in this process, whatever was asked for before."""
    TRANSPORT_ALIASES["redis"] = "arb.adapters.broker.redis_transport:RedisTransport"
    TRANSPORT_ALIASES["pgmq"] = "arb.adapters.broker.pgmq_transport:PgmqTransport"
    for name in ("redis", "pgmq"):
        _transport_cache.pop(name, None)


def publisher(redis_url: str, fallback: object, clock=None) -> tuple[ArbCelery, MemoryCounters]:
    """Return an app and where its counts go."""
    use_our_transport()
    counters = MemoryCounters()
    app = ArbCelery(
        "publisher",
        broker=redis_url,
        clock=clock or SystemClock(),
        entropy=SeededEntropy(1),
        marks=MARKS,
        counters=lambda: counters,
        set_as_current=False,
    )
    app.conf.update(
        common()
        | {
            "broker_transport_options": FAST,
            "broker_connection_timeout": 0.2,
        }
    )
    app.fallback_from_object(fallback)
    return app, counters


def common() -> dict[str, object]:
    """Return what both brokers' settings share."""
    return {
        "task_queues": [Queue(name, routing_key=name) for name in QUEUES],
        "task_default_queue": "housekeeping",
        "task_ignore_result": True,
        "task_publish_retry": False,
        "task_routes": {"t.order": {"queue": "orders"}, "t.evaluate": {"queue": "evaluate"}},
    }


def pgmq_fallback(database_url: str) -> object:
    """Return settings of a fallback broker on PostgreSQL."""
    return SimpleNamespace(
        broker_url="pgmq://",
        broker_transport_options={
            "conn_string": conninfo(database_url),
            "init_extension": False,
            "use_notify": True,
            "pool_size": 4,
            "pool_timeout": 1,
            "max_retries": 0,
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
        },
        **common(),
    )
