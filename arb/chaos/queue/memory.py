"""Large tasks in a worker with little memory: all of them complete, the largest in chunks."""

import hashlib
import json
import sys
from typing import Any, Final

from arb.adapters.local.clock import SystemClock
from arb.chaos.queue.broker_sandbox import QUIET, BrokerSandbox, message, until
from arb.chaos.queue.hungry_app import LIMIT_MB, MB
from arb.chaos.scenario_result import expect
from arb.domain.time import NS_PER_S
from arb.stack.shutdown import Progress

SIZES_MB: Final = (10,) * 8 + (30,) * 2
SMALL_MB: Final = 10
UP_S: Final = 90.0
DONE_S: Final = 120.0
APP: Final = "arb.chaos.queue.hungry_app"


def little_memory(progress: Progress) -> tuple[float, str]:
    """Run the tasks with the budget and, for comparison, without. Raises: Failed."""
    progress(f"{len(SIZES_MB)} tasks of {sum(SIZES_MB)} MB in a worker that may have {LIMIT_MB} MB more")
    took_s, base, ended = _run("budget")
    _expect_done(ended)
    large = [each["chunks"] for each in ended if each["size_mb"] > SMALL_MB]
    small = [each["chunks"] for each in ended if each["size_mb"] <= SMALL_MB]
    expect(min(large) > 1, f"the large ones were done at one go: {large}", took_s)
    peak_mb = (max(each["peak"] for each in ended) - base) / MB
    expect(peak_mb <= LIMIT_MB, f"{peak_mb:.0f} MB were taken at once", took_s)
    progress("the same at one go")
    greedy = [each for each in _run("greedy")[2] if "failed" in each]
    return took_s, (
        f"{len(ended)} of {len(SIZES_MB)} tasks of {sum(SIZES_MB)} MB complete under the kernel's limit of "
        f"{LIMIT_MB} MB on top of its base, the small ones in {max(small)} chunk, the large ones in "
        f"{max(large)}, {peak_mb:.0f} MB at most at once; without the budget {len(greedy)} fail"
    )


def _run(way: str) -> tuple[float, int, list[dict[str, Any]]]:
    """Return (seconds, the base in bytes, what became of each task). Raises: Failed."""
    clock, threads = SystemClock(), len(SIZES_MB)
    with BrokerSandbox() as sandbox:
        sandbox.environment |= {
            "HUNGRY_BROKER": sandbox.server.url,
            "HUNGRY_LEDGER": str(sandbox.ledger),
            "HUNGRY_WAY": way,
            "HUNGRY_THREADS": str(threads),
        }
        pool = ("-P", "threads", "-c", str(threads))
        sandbox.start(
            (sys.executable, "-m", "celery", "-A", APP, "worker", *QUIET, "-n", f"{way}@sandbox", *pool), way
        )
        for number in range(threads):
            _publish(sandbox, number, "hungry.up")
        _publish(sandbox, threads, "hungry.limit")
        expect(until(lambda: _lines(sandbox), UP_S), f"the worker does not come up\n{sandbox.logs()[-2000:]}")
        began_ns = clock.now_ns()
        for number, size_mb in enumerate(SIZES_MB, start=threads + 1):
            _publish(sandbox, number, "hungry.work", number, size_mb)
        done = until(lambda: len(_lines(sandbox)) > len(SIZES_MB), DONE_S)
        took_s = (clock.now_ns() - began_ns) / NS_PER_S
        first, *ended = _lines(sandbox)
        expect(done, f"only {len(ended)} of {len(SIZES_MB)} ended\n{sandbox.logs()[-2000:]}", took_s)
        return took_s, int(first["base"]), ended


def _publish(sandbox: BrokerSandbox, number: int, task: str, *arguments: int) -> None:
    sandbox.redis.lpush("hungry", message(number, "hungry", arguments, task=task))


def _lines(sandbox: BrokerSandbox) -> list[dict[str, Any]]:
    return [json.loads(line) for line in sandbox.ledger.read_text().splitlines()]


def _expect_done(ended: list[dict[str, Any]]) -> None:
    failed = [each for each in ended if "failed" in each]
    expect(not failed, f"{len(failed)} tasks failed for lack of memory")
    for each in ended:
        whole = hashlib.sha256(b"arb!" * (each["size_mb"] * MB // 4)).hexdigest()
        expect(each["digest"] == whole, f"task {each['number']} did other work")
