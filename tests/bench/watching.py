"""A stack of its own that watches many coins and opens nothing; prints what it used, as one line of JSON.

`python -m tests.bench.watching COINS STEP_MS SECONDS`: every coin has a new book each so many milliseconds on
each venue, and best prices as often at Binance. A process of its own: Celery knows one broker in a process.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import psutil
from redis import Redis

from arb.adapters.broker.pgmq_transport import close_pools
from arb.adapters.redis.client import connect
from arb.app.degradation import board_of
from arb.app.wiring import Engine
from arb.chaos.own_stack import own_stack
from arb.sim.bench import coin_names
from arb.stack.home import Home
from arb.stack.shutdown import silent
from config.addresses import redis_url
from tests.bench.ticks import cpu_s

SETTLE_S = 15.0
ASK_S = 0.1
ANSWER_S_MAX = 10.0
COINS_MAX = 510
FRAMES = ("frames_accepted", "frames_passed_over")


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a stack used, as shares of a core, and what it did meanwhile."""

    shares: Mapping[str, float]  # by program
    frames: float  # a second
    evaluations: float
    machine_pct: float  # of all cores
    degree: str
    waits_ms: list[float]  # of canaries in the queue of evaluations, from publish to start

    def of(self, *names: str) -> float:
        """Return the share of some programs in percent."""
        return 100 * sum(self.shares.get(name, 0.0) for name in names)

    @property
    def ours(self) -> float:
        """Return the share of all but the simulators in percent."""
        return self.of(*(name for name in self.shares if not name.startswith("sim-")))


@contextmanager
def watching(count: int, step_ms: int) -> Iterator[tuple[Engine, Home]]:
    """Have a stack watch so many coins, whose books come at this pace."""
    variables = {
        "ARB_COINS": ",".join(coin_names(count)),
        "ARB_FEED__COINS_MAX": str(COINS_MAX),
        "ARB_SIM__STEP_MS": str(step_ms),
        "ARB_WATCH": "true",
    }
    with tempfile.TemporaryDirectory(prefix="arb-bench-") as folder:
        with own_stack(Home(folder), variables, 7, silent) as engine:
            time.sleep(SETTLE_S)
            yield engine, Home(folder)
        close_pools()  # what this process has of the stack's database


def used(engine: Engine, home: Home, seconds: float) -> Use:
    """Return what a stack uses."""
    with connect(redis_url(engine.settings)) as redis:
        before, done, began = cpu_s(home), _done(engine, redis), time.monotonic()
        psutil.cpu_percent()
        waits_ms = waited_ms(engine, began + seconds)
        machine_pct, took_s = psutil.cpu_percent(), time.monotonic() - began
        shares = {name: (used - before.get(name, 0.0)) / took_s for name, used in cpu_s(home).items()}
        frames, evaluations = (
            (new - old) / took_s for new, old in zip(_done(engine, redis), done, strict=True)
        )
        degree = board_of(redis, engine.settings, engine.clock).read().degree.name.lower()
    return Use(
        shares=shares,
        frames=frames,
        evaluations=evaluations,
        machine_pct=machine_pct,
        degree=degree,
        waits_ms=waits_ms,
    )


def _done(engine: Engine, redis: Redis) -> tuple[int, int]:
    """Return how many frames were taken, and how many times the coins that had changed."""
    commands: Any = redis.info("commandstats")
    counts = engine.counters.read()
    frames = sum(sum(counts.get(name, {}).values()) for name in FRAMES)
    return frames, commands.get("cmdstat_spop", {}).get("calls", 0)


def waited_ms(engine: Engine, until_s: float) -> list[float]:
    """Return how long each of many canaries waited."""
    answers, found = engine.stores.canaries, []
    while time.monotonic() < until_s:
        sent_ns = engine.clock.now_ns()
        engine.shared.dispatcher.send("arb.canary.evaluate", sent_ns, expires_ms=15_000)
        while time.monotonic() < until_s + ANSWER_S_MAX:
            time.sleep(ASK_S)
            answer = answers.read().get("evaluate", {"at_ns": 0, "latency_us": 0})
            latency_us = int(answer["latency_us"])
            after_us = (int(answer["at_ns"]) - sent_ns) // 1_000 - latency_us
            if after_us == 0:
                found.append(latency_us / 1e3)
            if after_us >= 0:  # where it is another one's, the watchdog's, that has come over ours
                break
    return found


if __name__ == "__main__":
    with watching(int(sys.argv[1]), int(sys.argv[2])) as (engine, home):
        sys.stdout.write(orjson.dumps(asdict(used(engine, home, float(sys.argv[3])))).decode() + "\n")
