"""What a Celery process does besides its tasks: logs, a heartbeat, the watch, ids on every line.

Loaded with the tasks; every hook waits for its signal, so that importing it does nothing.
"""

import os
import threading
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import structlog
from celery import signals
from celery.worker import state

from arb.adapters.local.clock import SystemClock
from arb.adapters.local.collector import settle, tidy
from arb.adapters.redis.control import ControlListener
from arb.app.engines import engine, follow_settings, rest_senders
from arb.app.listener import listener_of
from arb.app.wiring import Engine
from arb.celery import app
from arb.domain.errors import PASSING, ConfigError, StoreUnavailable
from arb.domain.market.ids import parse_client_order_id
from arb.stack.home import Home
from config import addresses
from config.logging import configure
from workers.watchdog_thread import EXIT_CRITICAL, WatchdogThread

HEARTBEAT_S: Final = 1.0
SENDERS_REST_MS: Final = 15_000  # an order and its venue are waited for; less than a stop waits for us
TRADE_TASKS: Final = ("arb.settle_trade",)
log = structlog.get_logger("arb.health")
clock = SystemClock()


@dataclass
class _Took:
    """When this process last took a message: the proof that it consumes."""

    ns: int = 0


_took = _Took()


@signals.setup_logging.connect
def set_up_logs(**_: Any) -> None:
    """Log as every process of ours does; that this is connected keeps Celery from its own way."""
    configure(addresses.settings(), Home.default().logs)


@signals.worker_ready.connect
def begin(sender: Any, **_: Any) -> None:
    """Give signs of life, and keep watch."""
    name = f"worker-{sender.hostname.partition('@')[0]}"
    queues = list(sender.task_consumer.queues) if sender.app is app and sender.task_consumer else []
    facts = {"pid": str(os.getpid()), "queue": queues[0].name if len(queues) == 1 else ""}
    threading.Thread(target=_beat, args=(name, facts), name="heartbeat", daemon=True).start()
    WatchdogThread(on_critical=end_worker).start()
    follow_settings(_tell)
    app.node = sender.hostname
    log.info("worker_started", process=name, pid=os.getpid())


@signals.worker_shutdown.connect
def let_senders_finish(**_: Any) -> None:
    """Let what was handed to senders of this process be sent and recorded before it ends."""
    if not rest_senders(SENDERS_REST_MS):
        log.warning("senders_cut_off")  # a sweep comes back to what they held


@signals.beat_init.connect
def begin_beat(**_: Any) -> None:
    """Start no heap of garbage; beat's sign of life is what its tasks leave."""
    settle()


def _beat(name: str, facts: dict[str, str]) -> None:
    pause = threading.Event()
    listener: ControlListener | None = None
    for number in count():
        tidy(number)
        pause.wait(HEARTBEAT_S)
        try:
            wired = engine()
        except (ConfigError, StoreUnavailable):
            continue
        if listener is None:
            listener = listener_of(wired)
            listener.start()
        wired.heartbeats.beat(name, {**facts, "took_ns": str(_took.ns)}, wired.clock.now_ns())


def _tell(renewed: Engine) -> None:
    log.info("settings_taken_up", generation=renewed.settings.generation)


def end_worker() -> None:
    """Have this worker end, with the status that says why."""
    state.should_stop = EXIT_CRITICAL


@signals.task_received.connect
def took(**_: Any) -> None:
    """Note when this worker took its last task."""
    _took.ns = clock.now_ns()


@signals.task_prerun.connect
def bind(task_id: str, task: Any, args: Any, **_: Any) -> None:
    """Put the ids that a task is about on every line that it writes."""
    ids = {"task": task.name, "task_id": task_id}
    first = str(args[0]) if args else ""
    parsed = parse_client_order_id(first)
    if parsed is not None:
        ids |= {"trade": parsed[0], "order": first}
    elif task.name in TRADE_TASKS:
        ids["trade"] = first
    structlog.contextvars.bind_contextvars(**ids)


@signals.task_postrun.connect
def unbind(**_: Any) -> None:
    """Take the ids of the finished task off this thread's log lines."""
    structlog.contextvars.clear_contextvars()


@signals.task_failure.connect
def count_failure(sender: Any, exception: BaseException, **_: Any) -> None:
    """Count what is neither an outage nor somebody else's turn: errors of ours."""
    if not isinstance(exception, PASSING):
        engine().counters.count("errors", sender.name)
