"""The Celery app of a worker that has little memory: tasks that take a lot, in chunks or at one go.

HUNGRY_BROKER and HUNGRY_LEDGER come in by the environment; HUNGRY_WAY is `budget` or `greedy`. The limit is
the kernel's (RLIMIT_DATA), on top of what the worker has when `hungry.limit` runs.
"""

import hashlib
import json
import os
import resource
import threading
from functools import cache
from pathlib import Path
from typing import Any, Final

from celery import Celery
from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

from arb.adapters.local.clock import SystemClock
from arb.adapters.local.memory_budget import ProcessBudget, own_bytes
from arb.domain.health.degradation import Degree

MB: Final = 1024 * 1024
LIMIT_MB: Final = 100
HELD_MS: Final = 300  # how long a task needs what it took, so that all of them overlap
TRANSPORT_ALIASES["redis"] = "arb.adapters.broker.redis_transport:RedisTransport"
clock = SystemClock()
threads_up = threading.Barrier(int(os.environ.get("HUNGRY_THREADS", "1")))

app = Celery(
    "hungry",
    broker=os.environ.get("HUNGRY_BROKER", "redis://127.0.0.1:1/0"),
    task_cls="arb.adapters.broker.poison:Task",
)
app.conf.update(
    task_queues=[Queue("hungry")],
    task_default_queue="hungry",
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_consumer="arb.adapters.broker.consumer:HardenedConsumer",
    broker_transport_options={"visibility_timeout": 60, "priority_steps": [0]},
)


def status(field: str) -> int:
    """Return a size from /proc/self/status in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def note(**facts: Any) -> None:
    """Append one line, whole or not at all."""
    ledger = os.open(os.environ["HUNGRY_LEDGER"], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(ledger, json.dumps(facts).encode() + b"\n")
    os.close(ledger)


@cache
def budget() -> ProcessBudget:
    """Return the memory budget of this worker."""
    return ProcessBudget(LIMIT_MB * MB, own_bytes, lambda: Degree.FULL)


@app.task(name="hungry.up")  # type: ignore[untyped-decorator]
def up() -> None:
    """Wait until every thread of the worker has come up."""
    threads_up.wait(60)


@app.task(name="hungry.limit")  # type: ignore[untyped-decorator]
def limit() -> None:
    """Have the kernel allow no more than the limit on top of what there is."""
    budget()
    ceiling = status("VmData") + LIMIT_MB * MB
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, ceiling))
    note(base=own_bytes())


@app.task(name="hungry.work")  # type: ignore[untyped-decorator]
def work(number: int, size_mb: int) -> None:
    """Take that much memory, in chunks or at one go, and note what came of it."""
    total, done, chunks, digest = size_mb * MB, 0, 0, hashlib.sha256()
    greedy = os.environ.get("HUNGRY_WAY") == "greedy"
    try:
        while done < total:
            if greedy:
                done += _use(total, digest)
            else:
                with budget().items(MB, size_mb) as count:
                    done += _use(min(count * MB, total - done), digest)
            chunks += 1
    except MemoryError:
        note(number=number, size_mb=size_mb, failed="MemoryError")
    else:
        note(number=number, size_mb=size_mb, chunks=chunks, digest=digest.hexdigest(), peak=status("VmHWM"))


def _use(size: int, digest: Any) -> int:
    block = bytearray(b"arb!") * (size // 4)
    digest.update(block)
    clock.sleep_ms(HELD_MS)
    return size
