"""A Redis and workers that may be killed, and the ledger that tells which tasks ran."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from itertools import count
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from arb.runtime.home import CHECKOUT, Home
from arb.runtime.redis_server import embedded_redis
from tests.adapters.transport.messages import message

QUEUES = ("orders", "evaluate", "housekeeping")
CELERY = (sys.executable, "-m", "celery", "-A", "tests.adapters.transport.app")
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING")


class Town(AbstractContextManager["Town"]):
    """One Redis, its workers of one kind (`stock` or `ours`), and what they did."""

    def __init__(self, kind: str = "ours", visibility_s: int = 4) -> None:
        self.kind = kind
        self.home = Home(Path(tempfile.mkdtemp(prefix="arb-town-")))
        self.home.create()
        self.server = embedded_redis(self.home)
        self.ledger = self.home.logs / "ledger"
        self.ledger.touch()
        self.redis = redis.Redis.from_url(
            self.server.url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        )
        self.numbers = count(1)
        self.published: set[int] = set()
        self.environment = os.environ | {
            "ARB_TOWN_BROKER": self.server.url,
            "ARB_TOWN_LEDGER": str(self.ledger),
            "ARB_TOWN_KIND": kind,
            "ARB_TOWN_VISIBILITY_S": str(visibility_s),
        }
        self._processes: list[subprocess.Popen] = []
        self.redis_process = self.start_redis()

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        self.redis.close()
        self.home.remove()

    def start_redis(self) -> subprocess.Popen:
        """Start the server on its data and port; return when it answers."""
        spec = self.server.process
        assert spec is not None
        self.redis_process = self._start(spec.launch_command(), spec.name)
        assert until(lambda: self.server.ping(self.server.url) is None, 20, 0.005)
        return self.redis_process

    def kill_redis(self) -> None:
        """kill -9 the server."""
        self.redis_process.kill()
        self.redis_process.wait()

    def start_worker(self, *options: str) -> subprocess.Popen:
        """Start a `celery worker`."""
        name = f"worker-{len(self._processes)}"
        return self._start((*CELERY, "worker", *QUIET, "-n", f"{name}@town", *options), name)

    def _start(self, command: tuple[str, ...], name: str) -> subprocess.Popen:
        with (self.home.logs / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, cwd=CHECKOUT
            )
        self._processes.append(process)
        return process

    def logs(self) -> str:
        """Return what the processes said."""
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in self.home.logs.glob("*.log"))

    def publish(
        self, amount: int, duration_ms: int = 0, queue: str = "orders", **headers: object
    ) -> list[int]:
        """Publish tasks in one round trip; those that Redis confirmed count as published."""
        numbers = [next(self.numbers) for _ in range(amount)]
        messages = [message(number, queue, (number, duration_ms), **headers) for number in numbers]
        self.redis.lpush(queue, *messages)
        self.published.update(numbers)
        return numbers

    def publish_stubborn(self) -> int:
        """Publish a task that succeeds at its third retry."""
        number = next(self.numbers)
        self.redis.lpush("orders", message(number, "orders", (number,), task="town.stubborn"))
        self.published.add(number)
        return number

    def times(self) -> list[tuple[int, ...]]:
        """Return (number, started, ended) of each execution, in nanoseconds."""
        return [tuple(map(int, line.split())) for line in self.ledger.read_text().splitlines()]

    def executed(self) -> Counter[int]:
        """Return how often each number was noted."""
        return Counter(entry[0] for entry in self.times())

    def ran(self, numbers: list[int], timeout_s: float) -> bool:
        """Wait until all of these have run; tell whether they have."""
        return until(lambda: self.executed().keys() >= set(numbers), timeout_s)

    def waiting(self) -> int:
        """Return how many messages wait or are held."""
        return sum(self.redis.llen(queue) for queue in QUEUES) + self.redis.hlen("unacked")


def until(true: Callable[[], object], timeout_s: float, step_s: float = 0.02) -> bool:
    """Wait until something is true; tell whether it became so."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(step_s)
    return False
