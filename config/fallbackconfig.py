"""The fallback broker's settings: PGMQ on the PostgreSQL that is there anyway.

The `pgmq` package's SQL is installed by a migration; no server extension is needed.
"""

from arb.adapters.broker.pgmq_transport import conninfo
from config import celeryconfig
from config.addresses import database_url, settings
from config.celeryconfig import *  # noqa: F403 - all that holds for the primary holds here

broker_url = "pgmq://"
task_queues = celeryconfig.PLAIN_QUEUES
worker_consumer = "arb.adapters.broker.consumer:ReconnectingConsumer"
broker_transport_options = {
    "conn_string": conninfo(database_url(settings())),
    "queue_name_prefix": settings().fallback_prefix,
    "init_extension": False,
    "visibility_timeout": celeryconfig.VISIBILITY_TIMEOUT_S,
    "wait_time_seconds": 0,
    "polling_interval": 0.5,
    "use_notify": True,
    "notify_throttle_interval_ms": 5,
    "pool_size": 4,
    "pool_timeout": 1,  # what a publish costs while both brokers are away
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
worker_enable_remote_control = False  # broadcasts belong to the primary
