"""Real worker processes: killed, paused, slow, patient. Quicker ones are in tests/adapters/broker."""

import os
import signal
import time

import pytest

from arb.chaos.queue.broker_sandbox import BrokerSandbox, until

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


def test_what_a_killed_worker_held_is_run_by_another(busy):
    first = busy.start_worker(*THREADS)
    slow = busy.publish(4, 5_000)
    assert until(lambda: busy.redis.hlen("unacked") == 4, UP_S)
    first.kill()
    first.wait()
    second = busy.start_worker(*THREADS)
    assert busy.ran(slow, UP_S)
    assert settled(busy)
    assert stopped(second) == 0


def test_a_task_that_lasts_longer_than_the_visibility_timeout_runs_once(busy):
    workers = [busy.start_worker(*THREADS) for _ in range(2)]
    (slow,) = busy.publish(1, 5_000)
    assert busy.ran([slow], UP_S) and settled(busy)
    assert busy.executed()[slow] == 1
    for worker in workers:
        assert stopped(worker) == 0


def test_a_countdown_longer_than_the_visibility_timeout_runs_once(busy):
    workers = [busy.start_worker(*THREADS) for _ in range(2)]
    assert busy.ran(busy.publish(2), UP_S)
    eta = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + 5))
    (later,) = busy.publish(1, eta=eta)
    assert busy.ran([later], 15) and settled(busy)
    time.sleep(1)
    assert busy.executed()[later] == 1
    for worker in workers:
        assert stopped(worker) == 0


def test_a_retry_whose_publish_fails_comes_again(busy):
    worker = busy.start_worker(*SOLO)
    assert busy.ran(busy.publish(1), UP_S)
    busy.redis.config_set("maxmemory", 1)
    busy.redis.config_set("maxmemory", 0)
    stubborn = busy.publish_stubborn()
    for _ in range(5):
        busy.redis.config_set("maxmemory", 1)
        time.sleep(0.1)
        busy.redis.config_set("maxmemory", 0)
        time.sleep(0.1)
    assert busy.ran([stubborn], 10) and settled(busy)
    assert worker.poll() is None
    assert stopped(worker) == 0


@pytest.mark.parametrize("pool", [SOLO, THREADS], ids=["solo", "threads"])
def test_a_worker_that_was_paused_consumes_again(busy, pool):
    worker = busy.start_worker(*pool)
    assert busy.ran(busy.publish(1), UP_S)
    worker.send_signal(signal.SIGSTOP)
    numbers = busy.publish(20)
    time.sleep(5)
    worker.send_signal(signal.SIGCONT)
    assert busy.ran(numbers, 5.0) and settled(busy)
    assert stopped(worker) == 0


@pytest.mark.parametrize("pool", [SOLO, THREADS], ids=["solo", "threads"])
def test_a_redis_that_hung_for_15_s_under_load_is_consumed_again(busy, pool):
    worker = busy.start_worker(*pool)
    assert busy.ran(busy.publish(1), UP_S)
    numbers = busy.publish(200, 20)
    time.sleep(0.5)
    os.kill(busy.redis_process.pid, signal.SIGSTOP)
    time.sleep(15)
    os.kill(busy.redis_process.pid, signal.SIGCONT)
    back = time.monotonic()
    executed = len(busy.times())
    assert until(lambda: len(busy.times()) > executed, 5.0)
    print(f"consuming {1000 * (time.monotonic() - back):.0f} ms after Redis went on")
    assert busy.ran(numbers, 30) and settled(busy)
    assert worker.poll() is None
    assert stopped(worker) == 0
