"""A Redis and workers that may be killed, and the ledger that tells which tasks ran."""

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from arb.chaos.scenario_result import expect
from arb.domain.health.queues import QUEUES
from arb.stack.home import CHECKOUT, Home
from arb.stack.process_spec import Phase, ProcessSpec
from arb.stack.redis_server import embedded_redis

CELERY = (sys.executable, "-m", "celery", "-A", "arb.chaos.queue.worker_app")
REDIS_S_MAX: Final = 20.0
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING")


class BrokerSandbox(AbstractContextManager["BrokerSandbox"]):
    """One Redis, its workers of one kind (`stock` or `ours`), and what they did."""

    def __init__(self, kind: str = "ours", visibility_s: int = 4, effects_url: str | None = None) -> None:
        self.kind = kind
        self.home = Home(Path(tempfile.mkdtemp(prefix="arb-sandbox-")))
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
            "SANDBOX_BROKER": self.server.url,
            "SANDBOX_LEDGER": str(self.ledger),
            "SANDBOX_KIND": kind,
            "SANDBOX_VISIBILITY_S": str(visibility_s),
        }
        if effects_url is not None:
            self.environment["SANDBOX_DATABASE"] = effects_url
        self._read_bytes = 0
        self._times: list[tuple[int, ...]] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self.redis_process = self.start_redis()

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        self.redis.close()
        self.home.remove()

    def start_redis(self) -> subprocess.Popen[bytes]:
        """Start the server on its data and port; return when it answers."""
        spec = self.server.process
        assert spec is not None, "an embedded server has a process"
        self.redis_process = self.start(spec.command, spec.name, spec.directory)
        expect(until(lambda: self.server.ping(self.server.url) is None, REDIS_S_MAX, 0.005), "no Redis")
        return self.redis_process

    def wait_written(self) -> None:
        """Return when all that was confirmed is written: while the disk is slow, that is put off for 2 s."""
        expect(until(lambda: self._unwritten_bytes() == 0, REDIS_S_MAX), "the append-only file is behind")

    def kill_redis(self) -> None:
        """Kill Redis with -9 and wait for its end."""
        self.redis_process.kill()
        self.redis_process.wait()

    def _unwritten_bytes(self) -> int:
        persistence: Any = self.redis.info("persistence")
        return int(persistence["aof_buffer_length"])

    def start_worker(self, *options: str, name: str = "") -> subprocess.Popen[bytes]:
        """Start a `celery worker`, which calls itself `name@sandbox`."""
        name = name or f"worker-{len(self._processes)}"
        return self.start((*CELERY, "worker", *QUIET, "-n", f"{name}@sandbox", *options), name)

    def start(
        self, command: tuple[str, ...], name: str, directory: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process that ends with the sandbox; its log is named after it."""
        tied = ProcessSpec(name=name, command=command, phase=Phase.WORKERS, stop_signal="KILL")
        with self.home.log_file(name).open("a") as log:
            process = subprocess.Popen(
                tied.launch_command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=directory or CHECKOUT,
            )
        self._processes.append(process)
        return process

    def logs(self) -> str:
        """Return the logs of all processes as one text."""
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in self.home.logs.glob("*.log"))

    def publish(self, amount: int, duration_ms: int = 0, queue: str = "orders", **headers: Any) -> list[int]:
        """Publish tasks in one round trip; those that Redis confirmed count as published."""
        numbers = [next(self.numbers) for _ in range(amount)]
        self.publish_numbers(numbers, duration_ms, queue, **headers)
        return numbers

    def publish_numbers(
        self, numbers: Sequence[int], duration_ms: int = 0, queue: str = "orders", **headers: Any
    ) -> None:
        """Publish tasks of these numbers. Raises: redis.RedisError if they were not confirmed."""
        messages = [message(number, queue, (number, duration_ms), **headers) for number in numbers]
        self.redis.lpush(queue, *messages)
        self.published.update(numbers)

    def publish_stubborn(self) -> int:
        """Publish a task that succeeds at its third retry."""
        number = next(self.numbers)
        self.redis.lpush("orders", message(number, "orders", (number,), task="sandbox.stubborn"))
        self.published.add(number)
        return number

    def times(self) -> list[tuple[int, ...]]:
        """Return (number, started, ended) of each execution, in nanoseconds."""
        with self.ledger.open() as ledger:
            ledger.seek(self._read_bytes)
            lines = ledger.readlines()
        self._read_bytes += sum(map(len, lines))
        self._times += [tuple(map(int, line.split())) for line in lines]
        return self._times

    def executed(self) -> Counter[int]:
        """Return how often each number was noted."""
        return Counter(entry[0] for entry in self.times())

    def ran(self, numbers: list[int], timeout_s: float) -> bool:
        """Wait until all of these have run; tell whether they have."""
        return until(lambda: self.executed().keys() >= set(numbers), timeout_s)

    def waiting(self) -> int:
        """Return how many messages wait or are held."""
        pipe: Any = self.redis.pipeline(transaction=False)
        pipe.hlen("unacked")
        for queue in QUEUES:
            pipe.llen(queue)
        return sum(map(int, pipe.execute()))


def until(true: Callable[[], object], timeout_s: float, step_s: float = 0.02) -> bool:
    """Wait until something is true; tell whether it became so."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(step_s)
    return False


def message(
    number: int, queue: str, arguments: tuple[int, ...], task: str = "sandbox.work", **headers: Any
) -> str:
    """Return the text of a task message as Celery publishes it, made in a fraction of the time."""
    body = base64.b64encode(json.dumps([arguments, {}, {}]).encode()).decode()
    tag = f"sandbox-{queue}-{number}"
    return json.dumps(
        {
            "body": body,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"lang": "py", "task": task, "id": tag, "retries": 0, "eta": None, "expires": None}
            | headers,
            "properties": {
                "correlation_id": tag,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": tag,
            },
        }
    )
