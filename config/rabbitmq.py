"""RabbitMQ in Redis's place as the primary broker: `ARB_BROKER_URL=amqp://user:password@host:5672//`.

Quorum queues, bounded at the high mark, which refuse what does not fit: a refused publish is negatively
confirmed, and the dispatcher sends it to the fallback. Delays need a topic exchange (Celery's native delayed
delivery).
Redis stays what it is besides: hot state, counters and heartbeats.
"""

from collections.abc import Iterable
from typing import Any, Final

from kombu import Exchange, Queue

from arb.domain.health.queues import MARKS

DELIVERIES_MAX: Final = (
    25  # the last net: consumers keep it as a dead letter before (arb.domain.health.dead_letter)
)


def overrides(url: str, queues: Iterable[Queue], prefix: str) -> dict[str, Any]:
    """Return the Celery settings that differ from those for Redis.

    A broker may serve several modes and groups: the exchange and the queues carry `prefix`, and tasks and
    `-Q` go on naming the queues without it.
    """
    exchange = Exchange(f"{prefix}arb", type="topic", durable=True)
    return {
        "broker_url": url,
        "broker_transport_options": {
            "confirm_publish": True,
            "max_retries": 0,
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
        },
        "broker_connection_timeout": 1.0,
        "broker_heartbeat": 30,
        # Delays carry hints whose rows are swept: 28 more quorum queues would cost more than they save.
        "broker_native_delayed_delivery_queue_type": "classic",
        "worker_consumer": "arb.adapters.broker.consumer:ReconnectingConsumer",
        "worker_detect_quorum_queues": True,
        "task_queues": tuple(_quorum(queue.name, exchange, prefix) for queue in queues),
    }


def _quorum(name: str, exchange: Exchange, prefix: str) -> Queue:
    arguments = {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        "x-max-length": int(MARKS[name].high),
        "x-delivery-limit": DELIVERIES_MAX,
    }
    return Queue(prefix + name, exchange, routing_key=name, queue_arguments=arguments, alias=name)
