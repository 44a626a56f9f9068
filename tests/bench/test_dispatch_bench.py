"""What a publish costs while the primary is well, at the moment it dies, and as long as it is dead.

Prints, and asserts only that every task was taken: `pytest -s tests/bench/test_dispatch_bench.py`.
"""

import os
import signal
import time
from statistics import median, quantiles

import pytest

from arb.chaos.queue.broker_sandbox import BrokerSandbox, until
from arb.domain.health.breaker import BreakerState
from arb.domain.health.queues import QUEUES
from tests.adapters.broker.apps import pgmq_fallback, publisher

AMOUNT = 150  # below the watermark of the queue
pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings(r"ignore:list_queues\(\) now returns:UserWarning"),
]


def costs_ms(app) -> list[float]:
    """Return what each of many publishes cost."""
    took = []
    for number in range(AMOUNT):
        start = time.perf_counter()
        app.send_task("t.order", args=[number])
        took.append((time.perf_counter() - start) * 1000)
    return took


def line(name: str, took: list[float], well_ms: float) -> None:
    rest = took[1:]
    print(
        f"{name:24} first {took[0]:7.2f} ms, then p50 {median(rest):5.2f} ms, "
        f"p99 {quantiles(rest, n=100)[98]:6.2f} ms: {median(rest) / well_ms:4.1f} times a publish to Redis"
    )


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hangs"])
def test_what_a_dead_primary_costs(database_url, end):
    with BrokerSandbox() as sandbox:
        app, _ = publisher(sandbox.server.url, pgmq_fallback(database_url))
        app._warm_up()
        app.send_task("t.order", args=[0])
        with app.fallback.connection_for_write() as connection:
            channel = connection.default_channel
            for queue in QUEUES:
                channel.queue_purge(queue)
            well = costs_ms(app)
            os.kill(sandbox.redis_process.pid, end)
            dead = costs_ms(app)
            line("primary is well", well, median(well))
            line(f"primary gets {end.name}", dead, median(well))
            assert channel._size("orders") >= AMOUNT, (
                "a publish before it may have been too slow for a busy machine"
            )
        if end is signal.SIGSTOP:
            os.kill(sandbox.redis_process.pid, signal.SIGCONT)
            assert until(lambda: app.gate.state is BreakerState.CLOSED, 10)
        app.close()
