"""Redis is full, killed, stopped or cut off while tasks are published, or both brokers refuse some of them.

No task is lost or has its effect twice, and an outage is soon over.

Tasks are published at an even pace all the time. The time to normal service is from the moment at which
Redis can be used again until a task published after it was run by a worker of the primary broker.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import redis

from arb.chaos.queue.cuttable_proxy import CuttableProxy
from arb.chaos.queue.testbed import FALLBACK_WORKER, PRIMARY_WORKER, QueueTestbed
from arb.chaos.scenario_result import expect

PACE_MS: Final = 10.0
CALM_S: Final = 2.0
SERVED_S_MAX: Final = 90.0
RECOVERY_S_MAX: Final = 5.0
BALLAST_BYTES: Final = 8 * 1024 * 1024
BALLAST_CHUNK: Final = 64 * 1024
TASKS: Final = 2_000  # of which both brokers refuse some
TASKS_QUICK: Final = 300
REFUSED_PACE_MS: Final = 2.0
DECIDED_MS_MAX: Final = 10.0
Outage = Callable[[QueueTestbed, CuttableProxy], AbstractContextManager[None]]


@contextmanager
def full(testbed: QueueTestbed, _proxy: CuttableProxy) -> Iterator[None]:
    """Redis at `maxmemory`, with `noeviction`."""
    client = testbed.sandbox.redis
    used = int(client.info("memory")["used_memory"])
    client.config_set("maxmemory", used + BALLAST_BYTES)
    try:
        while True:
            client.rpush("ballast", b"x" * BALLAST_CHUNK)
    except redis.OutOfMemoryError:
        yield
    client.delete("ballast")


@contextmanager
def killed(testbed: QueueTestbed, _proxy: CuttableProxy) -> Iterator[None]:
    """Redis killed and started again."""
    testbed.sandbox.kill_redis()
    yield
    testbed.sandbox.start_redis()


@contextmanager
def stopped(testbed: QueueTestbed, _proxy: CuttableProxy) -> Iterator[None]:
    """Stop Redis (SIGSTOP) for as long as the context lasts."""
    pid = testbed.sandbox.redis_process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def refusing(_testbed: QueueTestbed, proxy: CuttableProxy) -> Iterator[None]:
    """The proxy before Redis is cut: connections are reset, new ones refused."""
    proxy.cut()
    yield
    proxy.open()


@contextmanager
def swallowing(_testbed: QueueTestbed, proxy: CuttableProxy) -> Iterator[None]:
    """The proxy before Redis is cut: nothing comes through, and nobody says so."""
    proxy.stop()
    yield
    proxy.go_on()


OUTAGES: Final[dict[str, tuple[Outage, float]]] = {  # name -> what, seconds
    "redis_at_maxmemory": (full, 10.0),
    "redis_killed_and_restarted": (killed, 5.0),
    "redis_stopped": (stopped, 15.0),
    "redis_port_refuses": (refusing, 5.0),
    "redis_port_swallows": (swallowing, 10.0),
}


def outage(
    testbed: QueueTestbed, proxy: CuttableProxy, name: str, duration_s: float | None = None
) -> tuple[float, str]:
    """Have one outage under a steady load."""
    kind, usual_s = OUTAGES[name]
    lasts_s = duration_s or usual_s
    with testbed.publishing(PACE_MS) as publishing:
        testbed.wait_served(0, PRIMARY_WORKER, SERVED_S_MAX)
        testbed.clock.sleep_ms(int(CALM_S * 1000))
        with kind(testbed, proxy):
            testbed.clock.sleep_ms(int(lasts_s * 1000))
        back_ns = testbed.clock.now_ns()
        recovery_s = testbed.wait_served(back_ns, PRIMARY_WORKER, SERVED_S_MAX)
        testbed.expect_all_awake(back_ns, SERVED_S_MAX)
        found = publishing.stop()
    account = testbed.expect_whole()
    ran = testbed.effects.workers()
    turned = found["turned_ms"]
    detail = (
        f"{lasts_s:.0f} s under {account.planned} tasks, 0 lost, 0 doubled ({account.refused} came twice),"
        f" {ran.get(FALLBACK_WORKER + '@testbed', 0)} by the fallback, swept {found['swept']};"
        f" turned after p50 {turned.get('p50', 0)} ms, at most {turned.get('max', 0)} ms;"
        f" normal service {recovery_s:.2f} s after it, no worker ended or fell asleep"
    )
    expect(recovery_s < RECOVERY_S_MAX, detail, recovery_s)
    return recovery_s, detail


def refusals(testbed: QueueTestbed, seed: int, tasks: int = TASKS) -> tuple[float, str]:
    """Primary refuses 30 % as full and 10 % as not consumed, the fallback 10 % and 5 %."""
    with testbed.publishing(REFUSED_PACE_MS, "--amount", str(tasks), "--refuse", str(seed)) as publishing:
        found = publishing.wait()
    account = testbed.expect_whole()
    decided = found["decided_ms"]
    expect(account.planned == tasks, f"{account.planned} tasks were planned, not {tasks}")
    expect(decided["p50"] < DECIDED_MS_MAX, f"switching took {decided['p50']} ms (median)")
    return decided["p99"] / 1000, _counted(tasks, found)


def _counted(tasks: int, found: dict[str, Any]) -> str:
    refused, decided = found["refused"], found["decided_ms"]
    counts = ", ".join(
        f"{name} {count}" for name, count in sorted(found["counters"].items()) if "dispatch" in name
    )
    return (
        f"{tasks} of {tasks} executed, each effect once; refused: "
        + ", ".join(
            f"{name} {count} of {found['asked'][name.split()[0]]}" for name, count in sorted(refused.items())
        )
        + f"; {found['dispatch_errors']} times by both, swept {found['swept']}"
        + f"; switch p50 {decided['p50']} ms, p99 {decided['p99']} ms; {counts}"
    )
