"""Publish-to-start latency, throughput and publish cost: ours as a multiple of stock, in the same run.

Prints, and asserts only that everything ran: `pytest -s tests/bench/test_transport_bench.py`.
"""

import time
from statistics import median, quantiles

import pytest

from arb.chaos.queue.broker_sandbox import BrokerSandbox, until
from tests.adapters.broker.apps import use_our_transport

POOLS = {"solo": ("-P", "solo"), "threads": ("-P", "threads", "-c", "8")}
LATENCY_TASKS = 300
LATENCY_GAP_S = 0.01
THROUGHPUT_TASKS = 4_000
ROUNDS = 3


def latencies_us(sandbox: BrokerSandbox) -> list[float]:
    """Return publish-to-start at 100 a second, in microseconds."""
    sent = {}
    for _ in range(LATENCY_TASKS):
        sent_ns = time.time_ns()
        (number,) = sandbox.publish(1)
        sent[number] = sent_ns
        time.sleep(LATENCY_GAP_S)
    assert sandbox.ran(list(sent), 30)
    return [(started - sent[number]) / 1000 for number, started, _ in sandbox.times() if number in sent]


def rate(sandbox: BrokerSandbox) -> float:
    """Return tasks a second, of a queue that was full before."""
    numbers = set(sandbox.publish(THROUGHPUT_TASKS))
    assert sandbox.ran(list(numbers), 60)
    started = sorted(entry[1] for entry in sandbox.times() if entry[0] in numbers)
    return (len(started) - 1) / ((started[-1] - started[0]) / 1e9)


def measure(kind: str, pool: tuple[str, ...]) -> dict[str, float]:
    with BrokerSandbox(kind) as sandbox:
        sandbox.start_worker(*pool, "-Q", "orders")
        assert sandbox.ran(sandbox.publish(100), 30)
        time.sleep(0.5)
        waits = latencies_us(sandbox)
        found = {"p50 us": median(waits), "p99 us": quantiles(waits, n=100)[98], "tasks/s": rate(sandbox)}
        assert until(lambda: sandbox.waiting() == 0, 10)
        return found


@pytest.mark.integration
@pytest.mark.timeout(600)
@pytest.mark.parametrize("pool", POOLS)
def test_ours_beside_stock(pool):
    rounds = {"stock": [], "ours": []}
    for _ in range(ROUNDS):
        for kind, found in rounds.items():
            found.append(measure(kind, POOLS[pool]))
    print(f"\n{pool:8}{'':10}{'stock':>10}{'ours':>10}{'ratio':>8}")
    for name in rounds["stock"][0]:
        stock, ours = (median(found[name] for found in rounds[kind]) for kind in ("stock", "ours"))
        print(f"{'':8}{name:10}{stock:10.0f}{ours:10.0f}{ours / stock:8.2f}")


@pytest.mark.integration
def test_what_a_publish_costs():
    from kombu import Connection
    from kombu.transport.redis import Transport

    use_our_transport()
    with BrokerSandbox() as sandbox:
        for name, transport in (("stock", Transport), ("ours", None)):
            options = {"priority_steps": [0]}
            with Connection(sandbox.server.url, transport=transport, transport_options=options) as connection:
                producer = connection.Producer()
                took = []
                for number in range(2_000):
                    start = time.perf_counter_ns()
                    producer.publish({"n": number}, routing_key="bench")
                    took.append((time.perf_counter_ns() - start) / 1000)
                print(f"publish {name:6} {type(connection.transport).__module__:40} {median(took):6.0f} us")
