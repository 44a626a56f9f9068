"""Celery's settings, named as a string by the app, so that nothing is read before it is needed.

The values that matter when something fails come from measurements of Celery 5.7, kombu 5.7 and Redis:
short socket timeouts and no retries on publish (the dispatcher decides what comes next), late
acknowledgement, a prefetch of one. A worker renews what it holds: the visibility timeout is how long it
may be silent, in the solo pool for the length of a task.

Flower and Redis tools want the scheme `redis://`, so our transports take the place of kombu's behind their
names.
"""

from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

from arb.adapters.redis.address import sentinels_of
from arb.domain.health.queues import EVALUATE, HOUSEKEEPING, ORDERS, QUEUES
from config import rabbitmq
from config.addresses import require_redis_url, settings
from config.schedule import SCHEDULE

VISIBILITY_TIMEOUT_S = 30  # the longest countdown is 5 s, the longest task about as long

TRANSPORT_ALIASES |= dict.fromkeys(("redis", "rediss"), "arb.adapters.broker.redis_transport:RedisTransport")
TRANSPORT_ALIASES["sentinel"] = "arb.adapters.broker.redis_transport:SentinelTransport"
TRANSPORT_ALIASES["pgmq"] = "arb.adapters.broker.pgmq_transport:PgmqTransport"
worker_consumer = "arb.adapters.broker.consumer:HardenedConsumer"

broker_url = require_redis_url()
broker_transport_options = {
    "socket_connect_timeout": 0.2,
    "socket_timeout": 1.0,  # of a worker's own commands; a publish waits `publish_timeout`
    "publish_timeout": 0.2,
    "socket_keepalive": True,
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "health_check_interval": 2,
    "visibility_timeout": VISIBILITY_TIMEOUT_S,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "priority_steps": [0],
    # A worker that consumes several queues takes from the first that has something.
    "queue_order_strategy": "priority",
    "global_keyprefix": settings().broker_prefix,
}
broker_connection_timeout = 0.2
broker_connection_retry = True
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_channel_error_retry = True  # a Redis that is full or read-only for a while ends no worker
broker_pool_limit = 10
task_publish_retry = False

task_queues = tuple(Queue(name, routing_key=name) for name in QUEUES)
task_default_queue = HOUSEKEEPING
task_create_missing_queues = False
task_routes = {
    "arb.place_order": {"queue": ORDERS},
    "arb.resolve_order": {"queue": ORDERS},
    "arb.settle_trade": {"queue": ORDERS},
    "arb.evaluate": {"queue": EVALUATE},
    **{f"arb.canary.{queue.name}": {"queue": queue.name} for queue in task_queues},
}

task_acks_late = True
task_reject_on_worker_lost = True
task_ignore_result = True
task_send_sent_event = False
worker_prefetch_multiplier = 1
worker_cancel_long_running_tasks_on_connection_loss = False
worker_soft_shutdown_timeout = 5.0
worker_send_task_events = False
worker_hijack_root_logger = True

accept_content = ["json"]
task_serializer = "json"
enable_utc = True
timezone = "UTC"

beat_schedule = SCHEDULE
beat_scheduler = "beat.scheduler:Scheduler"

if _group := sentinels_of(broker_url):
    broker_url = ";".join(_group.urls())
    broker_transport_options |= {
        "master_name": _group.master,
        "sentinel_kwargs": {
            "password": _group.own_password,
            "socket_connect_timeout": 0.2,
            "socket_timeout": 0.2,
        },
    }
PLAIN_QUEUES = task_queues
if _broker := settings().broker_url:
    globals().update(rabbitmq.overrides(_broker.get_secret_value(), PLAIN_QUEUES, settings().broker_prefix))
