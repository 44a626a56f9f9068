"""Real worker processes: killed, paused, ended, cut off. Longer runs are in tests/chaos."""

import signal
import time

import pytest

from arb.chaos.queue.broker_sandbox import BrokerSandbox, until
from arb.domain.health.queues import QUEUES

pytestmark = [pytest.mark.integration]
SOLO = ("-P", "solo")
THREADS = ("-P", "threads", "-c", "4")
UP_S = 20.0


@pytest.fixture(scope="module")
def busy() -> BrokerSandbox:
    """A sandbox of its own: its worker must not see other tests' messages."""
    with BrokerSandbox(visibility_s=2) as sandbox:
        yield sandbox


def settled(sandbox: BrokerSandbox, timeout_s: float = 15.0) -> bool:
    """Wait until nothing waits and nothing is held."""
    return until(lambda: sandbox.waiting() == 0, timeout_s)


def stopped(worker) -> int:
    worker.send_signal(signal.SIGTERM)
    return worker.wait(20)


def test_a_worker_of_all_queues_runs_the_urgent_first(busy):
    for queue in reversed(QUEUES):
        busy.publish(3, 10, queue=queue)
    worker = busy.start_worker(*SOLO)
    assert busy.ran(list(busy.published), UP_S)
    assert [number for number, _, _ in busy.times()] == [7, 8, 9, 4, 5, 6, 1, 2, 3]
    late = busy.publish(1, queue="housekeeping")
    assert busy.ran(late, 2.0), "an idle worker hears of every queue"
    assert stopped(worker) == 0


def test_a_worker_that_ends_gives_back_what_it_did_not_begin_and_doubles_nothing(busy):
    worker = busy.start_worker(*THREADS)
    numbers = busy.publish(10, 400)
    assert until(lambda: busy.redis.hlen("unacked") == 4, UP_S)
    assert stopped(worker) == 0
    executed = busy.executed()
    assert sum(executed[number] for number in numbers) == 4
    assert (busy.redis.llen("orders"), busy.redis.hlen("unacked")) == (6, 0)
    successor = busy.start_worker(*THREADS)
    assert busy.ran(numbers, UP_S) and settled(busy)
    assert all(busy.executed()[number] == 1 for number in numbers)
    assert stopped(successor) == 0


def test_a_worker_is_back_soon_after_redis_and_doubles_nothing_that_ran(busy):
    worker = busy.start_worker(*THREADS)
    assert busy.ran(busy.publish(1), UP_S)
    running = busy.publish(1, 1_000)
    assert until(lambda: busy.redis.hlen("unacked") == 1, 5)
    busy.wait_written()
    busy.kill_redis()
    time.sleep(0.5)
    busy.start_redis()
    back = time.monotonic()
    assert busy.ran(busy.publish(1), 5.0)
    print(f"consuming {1000 * (time.monotonic() - back):.0f} ms after Redis was back")
    assert busy.ran(running, 5.0) and settled(busy)
    assert busy.executed()[running[0]] == 1, "the acknowledgement outlived its connection"
    assert worker.poll() is None
    assert stopped(worker) == 0
