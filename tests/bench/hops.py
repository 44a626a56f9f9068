"""Two bare Celery hops, the reference of the way from a tick to an order: publish, task, task starts.

Stock Celery on a Redis of the kind that a stack has, a solo worker for each hop.
"""

import time
from dataclasses import dataclass

import psutil
from celery import Celery

from arb.chaos.queue.broker_sandbox import BrokerSandbox

ROUNDS = 3  # each with servers and workers of its own: where these run, figures go by for as long as they run
HOPS = 100  # of a round
GAP_S = 0.05
WARM = 40


@dataclass(frozen=True, kw_only=True)
class Hops:
    """What two hops take, and what one costs."""

    ms: list[float]  # of both together
    cpu_ms: float  # of one, at both ends


def measured() -> Hops:
    """Send twenty a second through two workers, in several rounds."""
    rounds = [_round() for _ in range(ROUNDS)]
    return Hops(
        ms=[each for one in rounds for each in one.ms], cpu_ms=sum(one.cpu_ms for one in rounds) / ROUNDS
    )


def _round() -> Hops:
    with BrokerSandbox("stock") as sandbox:
        workers = [
            psutil.Process(sandbox.start_worker("-P", "solo", "-Q", queue).pid)
            for queue in ("orders", "evaluate")
        ]
        app = Celery("hops", broker=sandbox.server.url, set_as_current=False)
        app.conf.broker_transport_options = {"priority_steps": [0]}
        try:
            send(app, sandbox, 0, WARM)
            before = [_cpu_s(process) for process in workers]
            own_s, sent = time.thread_time(), send(app, sandbox, WARM, HOPS)
            spent_s = time.thread_time() - own_s
            spent_s += sum(_cpu_s(process) for process in workers) - sum(before)
        finally:
            app.close()
        times = {number: started for number, started, _ in sandbox.times()}
    return Hops(
        ms=[(times[number] - sent_ns) / 1e6 for number, sent_ns in sent.items()],
        cpu_ms=spent_s * 1e3 / HOPS / 2,
    )


def send(app: Celery, sandbox: BrokerSandbox, first: int, amount: int) -> dict[int, int]:
    """Return when each of these was published; all of them have arrived."""
    sent = {}
    for number in range(first, first + amount):
        sent[number] = time.time_ns()
        app.send_task("sandbox.hop", (number,), queue="orders")
        time.sleep(GAP_S)
    assert sandbox.ran(list(sent), 30), sandbox.logs()
    return sent


def _cpu_s(process: psutil.Process) -> float:
    each = (process, *process.children(recursive=True))
    return sum(sum(one.cpu_times()[:2]) for one in each)
