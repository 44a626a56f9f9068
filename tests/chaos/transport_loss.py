"""What is lost, doubled, stuck and asleep after N kill -9, on stock settings and on ours, side by side.

    python -m tests.chaos.transport_loss --worker-kills 100 --redis-kills 30 --seed 1

A message counts as published when Redis confirmed it; it is lost when it was neither executed nor is
anywhere in Redis, and stuck when it is there and nobody gives it back in time.
"""

import argparse
import random
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median

import redis

from tests.adapters.transport.town import Town, until

BUSY = 1500  # messages that wait when something is killed
DRAIN_S = 20.0
ASLEEP_S = 15.0
POOLS = {
    "solo": ("-P", "solo"),
    "threads": ("-P", "threads", "-c", "4"),
    "prefork": ("-P", "prefork", "-c", "2"),
}


@dataclass
class Outcome:
    """What one run did to its tasks and workers."""

    kind: str
    fault: str
    kills: int
    published: int = 0
    lost: int = 0
    stuck: int = 0
    doubled: int = 0
    exited: int = 0
    asleep: int = 0
    back_ms: list[float] = field(default_factory=list)

    def line(self) -> str:
        """Return one line of the table."""
        back = f"{median(self.back_ms):.0f} / {max(self.back_ms):.0f}" if self.back_ms else "-"
        return (
            f"{self.kind:6}{self.fault:18}{self.kills:6}{self.published:10}{self.lost:6}{self.stuck:7}"
            f"{self.doubled:9}{self.exited:8}{self.asleep:8}  {back}"
        )


HEADING = (
    f"{'kind':6}{'kill -9 of':18}{'kills':>6}{'published':>10}{'lost':>6}{'stuck':>7}{'doubled':>9}"
    f"{'exited':>8}{'asleep':>8}  back ms (median / max)"
)


def kill_workers(kind: str, kills: int, seed: int) -> Outcome:
    """Kill a busy worker again and again; the next one is up before the last one dies."""
    chance = random.Random(seed)
    outcome = Outcome(kind, "busy workers", kills)
    with Town(kind) as town:
        worker = town.start_worker(*POOLS["solo"])
        for _ in range(kills):
            _top_up(town)
            executed = len(town.executed())
            until(lambda before=executed: len(town.executed()) > before + 20, ASLEEP_S, 0.005)
            successor = town.start_worker(*POOLS["solo"])
            _top_up(town)
            time.sleep(chance.uniform(0, 0.3))
            worker.kill()
            worker.wait()
            worker = successor
        _settle(town, outcome)
    return outcome


def kill_redis(kind: str, pool: str, kills: int, seed: int) -> Outcome:
    """Kill the server under a busy worker, and time the first task after it is back."""
    chance = random.Random(seed)
    outcome = Outcome(kind, f"Redis, {pool}", kills)
    with Town(kind) as town:
        worker = town.start_worker(*POOLS[pool])
        until(town.executed, 5) or town.ran(town.publish(1), ASLEEP_S)
        for _ in range(kills):
            _top_up(town)
            time.sleep(chance.uniform(0.02, 0.2))
            town.kill_redis()
            time.sleep(chance.uniform(0.05, 0.5))
            town.start_redis()
            worker = _revived(town, worker, pool, outcome)
        _settle(town, outcome)
    return outcome


def _revived(town: Town, worker: subprocess.Popen, pool: str, outcome: Outcome) -> subprocess.Popen:
    """Return the worker that consumes again: this one, or a new one if it ended or sleeps."""
    back_at = time.monotonic()
    executed = len(town.times())
    _top_up(town)
    if until(lambda: len(town.times()) > executed or worker.poll() is not None, ASLEEP_S, 0.002):
        if worker.poll() is None:
            outcome.back_ms.append((time.monotonic() - back_at) * 1000)
            return worker
        outcome.exited += 1
    else:
        outcome.asleep += 1
        worker.kill()
        worker.wait()
    successor = town.start_worker(*POOLS[pool])
    until(lambda: len(town.times()) > executed, ASLEEP_S)
    return successor


def _top_up(town: Town) -> None:
    """Publish as much as is missing to be busy; what Redis does not confirm does not count."""
    with suppress(redis.RedisError):
        missing = BUSY - town.redis.llen("orders")
        if missing > 0:
            town.publish(missing)


def _settle(town: Town, outcome: Outcome) -> None:
    """Let the last worker finish, and count."""
    until(lambda: town.waiting() == 0, DRAIN_S)
    time.sleep(0.2)
    executed = town.executed()
    outcome.published = len(town.published)
    outcome.stuck = town.waiting()
    outcome.lost = max(0, len(town.published - executed.keys()) - outcome.stuck)
    outcome.doubled = sum(1 for times in executed.values() if times > 1)


def compare(worker_kills: int, redis_kills: int, seed: int) -> list[Outcome]:
    """Return the outcomes of both kinds, printed as they come."""
    print(f"\nseed {seed}\n{HEADING}", flush=True)
    outcomes = []
    for kind in ("stock", "ours"):
        outcomes.append(kill_workers(kind, worker_kills, seed))
        print(outcomes[-1].line(), flush=True)
        for pool in POOLS:
            outcomes.append(kill_redis(kind, pool, redis_kills, seed))
            print(outcomes[-1].line(), flush=True)
    return outcomes


def main() -> None:
    """Compare, by arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker-kills", type=int, default=100)
    parser.add_argument("--redis-kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    compare(chosen.worker_kills, chosen.redis_kills, chosen.seed)


if __name__ == "__main__":
    main()
