"""What scenarios stand on: a Redis that may be harmed, a PostgreSQL, and processes of the real app."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.migrate import migrate
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.app.session import SessionPlace, create_session
from arb.chaos.queue.broker_sandbox import QUIET, BrokerSandbox, until
from arb.chaos.queue.cuttable_proxy import CuttableProxy
from arb.chaos.queue.effects import EffectCounts, Effects
from arb.chaos.scenario_result import Failed, expect
from arb.domain.time import NS_PER_S
from arb.stack.servers import servers_only
from arb.stack.shutdown import Progress

CELERY: Final = (sys.executable, "-m", "celery", "-A")
THREADS: Final = ("-P", "threads", "-c")
PRIMARY_WORKER: Final = "orders"
FALLBACK_WORKER: Final = "fallback"
UP_S_MAX: Final = 60.0
END_S_MAX: Final = 300.0


@dataclass
class Publishing:
    """A publisher process, and what it left."""

    process: subprocess.Popen[bytes]
    read: Callable[[], dict[str, Any]]

    def stop(self) -> dict[str, Any]:
        """Have it publish nothing new; return its figures once all was had. Raises: Failed."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> dict[str, Any]:
        """Wait for its end; return its figures. Raises: Failed."""
        try:
            status = self.process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            raise Failed("the publisher does not end") from None
        expect(status == 0, f"the publisher ended with {status}")
        return self.read()


@dataclass
class QueueTestbed:
    """The servers and processes of the scenarios with the real app."""

    sandbox: BrokerSandbox
    database_url: str
    effects: Effects
    clock: SystemClock
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _publishers: int = 0

    def proxy_to_redis(self) -> CuttableProxy:
        """Return a proxy that the processes started from now on take; it is to be opened."""
        url = self.sandbox.server.url
        port = urlsplit(url).port or 0
        proxy = CuttableProxy(self.sandbox.home, "redis", port)
        self.sandbox.environment["ARB_REDIS_URL"] = url.replace(f":{port}/", f":{proxy.port}/")
        return proxy

    def start_workers(self, count: int = 2) -> None:
        """Start workers of the queue of orders, and one of the fallback. Raises: Failed."""
        for number in range(1, count + 1):
            self.start_worker(f"{PRIMARY_WORKER}{number}", "arb.chaos.queue.publisher:app", "-Q", "orders")
        self.start_worker(FALLBACK_WORKER, "arb.chaos.queue.publisher:fallback")

    def start_worker(self, name: str, app: str, *options: str) -> None:
        """Start a Celery worker of an app under a name."""
        command = (*CELERY, app, "worker", "-n", f"{name}@testbed", *options, *THREADS, "4", *QUIET)
        self.workers[name] = self.sandbox.start(command, name)

    @contextmanager
    def publishing(self, pace_ms: float, *options: str) -> Iterator[Publishing]:
        """Have a publisher at work on a clean sheet; it does not outlive the block."""
        self.effects.clear()
        self._publishers += 1
        file = self.sandbox.home.path / f"published-{self._publishers}.json"
        module = ("-m", "arb.chaos.queue.publisher", str(file), "--pace-ms", str(pace_ms))
        process = self.sandbox.start((sys.executable, *module, *options), f"publisher-{self._publishers}")
        try:
            yield Publishing(process, lambda: dict(json.loads(file.read_text())))
        finally:
            process.kill()
            process.wait()

    def wait_served(self, since_ns: int, worker: str, limit_s: float) -> float:
        """Return how long it took until a worker ran something planned since then. Raises: Failed."""
        served = until(lambda: self.effects.served_ns(since_ns, worker) is not None, limit_s, 0.05)
        at_ns = self.effects.served_ns(since_ns, worker)
        expect(
            served and at_ns is not None,
            f"nothing ran on {worker} within {limit_s:.0f} s\n{self.sandbox.logs()[-2000:]}",
        )
        return ((at_ns or 0) - since_ns) / NS_PER_S

    def expect_all_awake(self, since_ns: int, limit_s: float) -> None:
        """Expect that no worker ended, and that each of the primary's has run something since then."""
        self.expect_all_run()
        for name in self.workers:
            if name != FALLBACK_WORKER:
                self.wait_served(since_ns, name, limit_s)

    def expect_all_run(self) -> None:
        """Expect that no worker ended. Raises: Failed."""
        ended = [name for name, process in self.workers.items() if process.poll() is not None]
        expect(not ended, f"workers ended: {', '.join(ended)}")

    def expect_whole(self) -> EffectCounts:
        """Expect that every effect was had once. Raises: Failed."""
        account = self.effects.account()
        expect(account.lost == 0, f"{account.lost} of {account.planned} tasks were lost")
        expect(account.doubled == 0, f"{account.doubled} of {account.planned} effects were doubled")
        return account


@contextmanager
def grounded(progress: Progress, visibility_s: int = 30) -> Iterator[QueueTestbed]:
    """Start servers; everything ends with the block."""
    progress("starting Redis and PostgreSQL")
    clock = SystemClock()
    with servers_only() as servers, BrokerSandbox("ours", visibility_s) as sandbox:
        url = servers.postgres.url
        migrate(url)
        database = make_engine(url)
        create_session(SqlSessionStore(database), SessionPlace(environment="mock"), clock, SystemEntropy())
        database.dispose()
        effects = Effects(url, clock)
        effects.create()
        kept = {name: text for name, text in os.environ.items() if not name.startswith("ARB_")}
        sandbox.environment = kept | {
            "ARB_HOME": str(sandbox.home.path),
            "ARB_MODE": "mock",
            "ARB_REDIS_URL": sandbox.server.url,
            "ARB_DATABASE_URL": url,
        }
        try:
            yield QueueTestbed(sandbox=sandbox, database_url=url, effects=effects, clock=clock)
        finally:
            effects.close()
