"""kill -9 of busy workers and of Redis: what is lost, doubled, ended and asleep, ours beside stock settings.

A task counts as published when Redis confirmed it. It is lost when it had no effect and is nowhere in
Redis, and stuck when it is there and nobody gives it back in time. No sweep mends anything here: it is the
transport that is looked at.
"""

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import redis
from sqlalchemy.engine import make_url

from arb.adapters.local.clock import SystemClock
from arb.chaos.queue.broker_sandbox import BrokerSandbox, until
from arb.chaos.queue.effects import Effects
from arb.chaos.scenario_result import expect
from arb.domain.time import NS_PER_MS
from arb.stack.postgres_server import create_database
from arb.stack.servers import Servers

BUSY: Final = 1_500  # messages that wait when something is killed
FLEET: Final = 4  # workers at once
DRAIN_S_MAX: Final = 30.0
ASLEEP_S: Final = 15.0
UP_S_MAX: Final = 180.0  # the first start of a fleet on a loaded machine takes most of a minute
LOOK_S: Final = 0.03
SOLO: Final = ("-P", "solo")
POOLS: Final = {
    "solo": SOLO,
    "threads": ("-P", "threads", "-c", "4"),
    "prefork": ("-P", "prefork", "-c", "2"),
}
KINDS: Final = ("ours", "stock")


@dataclass
class Toll:
    """What one run did to its tasks and workers."""

    kind: str
    kills: int = 0
    published: int = 0
    lost: int = 0
    stuck: int = 0
    doubled: int = 0
    came_twice: int = 0
    ended: int = 0
    asleep: int = 0
    back_ms: list[float] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Tell whether nothing was lost, stuck or doubled."""
        return not (self.lost or self.stuck or self.doubled or self.ended or self.asleep)

    def text(self) -> str:
        """Return kills, losses and recovery times as one sentence."""
        back = (
            f", back after {median(self.back_ms):.0f} ms, at most {max(self.back_ms):.0f}"
            if self.back_ms
            else ""
        )
        return (
            f"{self.kind}: {self.kills} kills, {self.published} tasks, {self.lost} lost, {self.stuck} stuck, "
            f"{self.doubled} doubled ({self.came_twice} came twice), "
            f"{self.ended} workers ended, {self.asleep} asleep{back}"
        )


@dataclass
class Fleet:
    """A sandbox of one kind with its workers, and the effects of its tasks."""

    sandbox: BrokerSandbox
    effects: Effects
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)  # by Celery's name
    _started: int = 0

    def start(self, *pool: str) -> str:
        """Start a worker; return its name."""
        self._started += 1
        name = f"worker-{self._started}"
        self.workers[f"{name}@sandbox"] = self.sandbox.start_worker(*pool, name=name)
        return f"{name}@sandbox"

    def kill(self, name: str) -> None:
        """Kill a worker with -9 and wait for its end."""
        process = self.workers.pop(name)
        process.kill()
        process.wait()

    def top_up(self) -> None:
        """Publish as much as is missing to be busy; what Redis does not confirm does not count."""
        with suppress(redis.RedisError):
            missing = BUSY - int(self.sandbox.redis.llen("orders"))
            if missing < BUSY // 3:
                return
            numbers = [next(self.sandbox.numbers) for _ in range(missing)]
            self.effects.plan(numbers[0], len(numbers))
            try:
                self.sandbox.publish_numbers(numbers)
            except redis.RedisError:
                self.effects.unplan(numbers[0], len(numbers))

    def at_work(self, since_ns: int = 0) -> dict[str, int]:
        """Return when each worker that lives first ran a task since then."""
        found = self.effects.first_runs(since_ns)
        return {name: found[name] for name in self.workers if name in found}

    def settle(self, toll: Toll) -> Toll:
        """Let the workers finish, and count."""
        until(lambda: self.sandbox.waiting() == 0, DRAIN_S_MAX, 0.1)
        until(lambda: self.effects.missing() == 0, 1.0, 0.1)
        account = self.effects.account()
        toll.published, toll.doubled, toll.came_twice = account.planned, account.doubled, account.refused
        toll.stuck = min(self.sandbox.waiting(), account.lost)
        toll.lost = account.lost - toll.stuck
        return toll


@contextmanager
def fleet(servers: Servers, kind: str) -> Iterator[Fleet]:
    """Open a sandbox and a database of its own."""
    name = f"kills_{kind}"
    create_database(servers.postgres.url, name)
    url = make_url(servers.postgres.url).set(database=name).render_as_string(hide_password=False)
    effects = Effects(url, SystemClock())
    effects.create()
    effects.clear()
    with BrokerSandbox(kind, effects_url=url) as sandbox:
        try:
            yield Fleet(sandbox, effects)
        finally:
            effects.close()


def kill_workers(servers: Servers, kind: str, kills: int, seed: int) -> Toll:
    """Kill one busy worker of a fleet after the other; the next one comes up meanwhile."""
    chance, toll = random.Random(seed), Toll(kind)
    with fleet(servers, kind) as found:
        for _ in range(FLEET):
            found.start(*SOLO)
        while toll.kills < kills:
            found.top_up()
            busy = _wait_busy(found)
            time.sleep(chance.uniform(0, 0.1))
            found.kill(chance.choice(busy))
            toll.kills += 1
            found.start(*SOLO)
        return found.settle(toll)


def _wait_busy(found: Fleet) -> list[str]:
    def at_work() -> bool:
        found.top_up()
        return bool(found.at_work())

    until(at_work, UP_S_MAX, LOOK_S)
    busy = sorted(found.at_work())
    expect(bool(busy), f"no worker begins to work\n{found.sandbox.logs()[-2000:]}")
    return busy


def kill_redis(servers: Servers, kind: str, kills: int, seed: int) -> Toll:
    """Kill the server under one busy worker of each pool, and time when each is back."""
    chance, toll = random.Random(seed), Toll(kind)
    with fleet(servers, kind) as found:
        pools = {found.start(*pool): pool for pool in POOLS.values()}
        _wait_all(found, 0, UP_S_MAX)
        while toll.kills < kills:
            found.top_up()
            time.sleep(chance.uniform(0.02, 0.2))
            found.sandbox.kill_redis()
            toll.kills += 1
            time.sleep(chance.uniform(0.05, 0.5))
            found.sandbox.start_redis()
            _revive(found, pools, toll)
        return found.settle(toll)


def _revive(found: Fleet, pools: dict[str, tuple[str, ...]], toll: Toll) -> None:
    """Time who consumes again, and replace who ended or sleeps."""
    back_ns = SystemClock().now_ns()
    _wait_all(found, back_ns, ASLEEP_S)
    at_work = found.at_work(back_ns)
    toll.back_ms += [(at_ns - back_ns) / NS_PER_MS for at_ns in at_work.values()]
    for name in [name for name in found.workers if name not in at_work]:
        if found.workers[name].poll() is None:
            toll.asleep += 1
        else:
            toll.ended += 1
        found.kill(name)
        pools[found.start(*pools[name])] = pools[name]
    _wait_all(found, back_ns, UP_S_MAX)


def _wait_all(found: Fleet, since_ns: int, limit_s: float) -> None:
    """Wait until each worker ran something since then or has ended."""

    def settled() -> bool:
        found.top_up()
        at_work = found.at_work(since_ns)
        return all(name in at_work or process.poll() is not None for name, process in found.workers.items())

    until(settled, limit_s, LOOK_S)


def beside_stock(run: Callable[[str], Toll]) -> tuple[float, str]:
    """Run ours and stock at once, so that both have the same machine; ours has to do no harm."""
    with ThreadPoolExecutor(max_workers=len(KINDS)) as threads:
        ours, stock = threads.map(run, KINDS)
    detail = f"{ours.text()}; {stock.text()}"
    back_s = max(ours.back_ms, default=0.0) / 1000
    expect(ours.clean, detail, back_s)
    return back_s, detail
