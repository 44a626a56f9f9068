"""`arb chaos queue`: the queue harmed in every proxy, on servers and worker processes of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from arb.chaos.observed import Observed
from arb.chaos.own_stack import own_stack
from arb.chaos.queue.beats import two_beats
from arb.chaos.queue.deaf import REVIVE_AFTER_S, Deaf
from arb.chaos.queue.disk import disk_full
from arb.chaos.queue.kills import Toll, beside_stock, kill_redis, kill_workers
from arb.chaos.queue.memory import little_memory
from arb.chaos.queue.outages import OUTAGES, TASKS, TASKS_QUICK, outage, refusals
from arb.chaos.queue.testbed import grounded
from arb.chaos.queue.venue_calls import TRADES, TRADES_QUICK, venue_calls
from arb.chaos.scenario_result import Scenario, ScenarioResult, run_all
from arb.stack.home import CHECKOUT, Home
from arb.stack.servers import servers_only
from arb.stack.shutdown import Progress

REFUSALS: Final = "both_brokers_refuse"
WORKERS_KILLED: Final = "kill_9_of_busy_workers"
REDIS_KILLED: Final = "kill_9_of_redis"
LITTLE_MEMORY: Final = "little_memory"
DISK_FULL: Final = "disk_full"
FROZEN: Final = "frozen_worker_restarted"
DEAF: Final = "deaf_worker_restarted"
BEATS: Final = "two_beats_one_snapshot_a_slot"
VENUES: Final = "venue_calls_refused_and_timed_out"
KILLS: Final = (100, 30)  # of workers, of Redis
KILLS_QUICK: Final = (20, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTerms:
    """Which scenarios of queue chaos run, and how long."""

    seed: int
    quick: bool
    progress: Progress
    only: tuple[str, ...] = ()  # names of scenarios; none means all

    def chosen(self, scenarios: dict[str, Scenario]) -> dict[str, Scenario]:
        """Return those that are to be run; each says so as it begins."""
        wanted = {name: each for name, each in scenarios.items() if not self.only or name in self.only}
        return {name: partial(self._told, name, each) for name, each in wanted.items()}

    def _told(self, name: str, scenario: Scenario) -> tuple[float, str]:
        self.progress(name)
        return scenario()


def on_brokers(terms: QueueTerms) -> Iterator[ScenarioResult]:
    """Refusals and outages, under the real app's workers."""
    with grounded(terms.progress) as testbed, testbed.proxy_to_redis() as proxy:
        testbed.start_workers()
        tasks = TASKS_QUICK if terms.quick else TASKS
        scenarios: dict[str, Scenario] = {REFUSALS: partial(refusals, testbed, terms.seed, tasks)}
        scenarios |= {name: partial(outage, testbed, proxy, name) for name in OUTAGES}
        yield from run_all(terms.chosen(scenarios))


def on_transport(terms: QueueTerms) -> Iterator[ScenarioResult]:
    """kill -9 of workers and of Redis, on our settings and on stock ones."""
    workers, servers_killed = KILLS_QUICK if terms.quick else KILLS
    with servers_only() as servers:

        def workers_of(kind: str) -> Toll:
            return kill_workers(servers, kind, workers, terms.seed)

        def redis_of(kind: str) -> Toll:
            return kill_redis(servers, kind, servers_killed, terms.seed)

        scenarios: dict[str, Scenario] = {
            WORKERS_KILLED: partial(beside_stock, workers_of),
            REDIS_KILLED: partial(beside_stock, redis_of),
        }
        yield from run_all(terms.chosen(scenarios))


def on_little_memory(terms: QueueTerms) -> Iterator[ScenarioResult]:
    """Large tasks in a worker that may not have what they would take."""
    yield from run_all(terms.chosen({LITTLE_MEMORY: partial(little_memory, terms.progress)}))


def on_stack(terms: QueueTerms) -> Iterator[ScenarioResult]:
    """A disk that fills up under a whole stack of its own."""
    if os.geteuid() != 0:
        terms.progress(f"{DISK_FULL} is left out: mounting a small disk needs root")
        return
    scenarios: dict[str, Scenario] = {DISK_FULL: partial(disk_full, terms.seed, terms.progress)}
    yield from run_all(terms.chosen(scenarios))


def on_workers(terms: QueueTerms) -> Iterator[ScenarioResult]:
    """Workers that live and do not work, on a whole stack that trades."""
    home = Home(Path(tempfile.mkdtemp(prefix="arb-chaos-")))
    soon = {"ARB_WATCHDOG__REVIVE_AFTER_SEC": str(REVIVE_AFTER_S)}
    with own_stack(home, soon, terms.seed, terms.progress) as engine:
        found = Deaf(home=home, seen=Observed(engine, terms.progress))
        yield from run_all(terms.chosen({FROZEN: found.frozen, DEAF: found.deaf}))
    home.remove()


def on_venues(terms: QueueTerms) -> Iterator[ScenarioResult]:
    """Venue calls that are refused and that time out, on a whole stack."""
    trades = TRADES_QUICK if terms.quick else TRADES
    yield from run_all(terms.chosen({VENUES: partial(venue_calls, terms.seed, trades, terms.progress)}))


def on_beats(terms: QueueTerms) -> Iterator[ScenarioResult]:
    """Two beats through an outage."""
    with grounded(terms.progress) as testbed:
        yield from run_all(terms.chosen({BEATS: partial(two_beats, testbed)}))


# A group of scenarios shares servers, which are started only if one of them is wanted.
GROUPS: Final[dict[tuple[str, ...], Callable[[QueueTerms], Iterator[ScenarioResult]]]] = {
    (REFUSALS, *OUTAGES): on_brokers,
    (WORKERS_KILLED, REDIS_KILLED): on_transport,
    (LITTLE_MEMORY,): on_little_memory,
    (DISK_FULL,): on_stack,
    (FROZEN, DEAF): on_workers,
    (BEATS,): on_beats,
    (VENUES,): on_venues,
}
NAMES: Final = tuple(name for names in GROUPS for name in names)


def run(terms: QueueTerms) -> Iterator[ScenarioResult]:
    """Run all that is wanted; return what came of each as it comes.

    Groups run in processes of their own: one process knows one stack.
    """
    wanted = [names for names in GROUPS if not terms.only or set(terms.only) & set(names)]
    if len(wanted) == 1:
        yield from GROUPS[wanted[0]](terms)
        return
    for names in wanted:
        yield from _apart([name for name in names if not terms.only or name in terms.only], terms)


def _apart(names: list[str], terms: QueueTerms) -> Iterator[ScenarioResult]:
    """Run scenarios by the same command in another process."""
    command = [sys.executable, "-c", "from arb.cli.main import main; main()", "chaos", "queue", "--json"]
    command += ["--seed", str(terms.seed), *(["--quick"] if terms.quick else [])]
    command += [part for name in names for part in ("--only", name)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)
    try:
        for line in process.stdout or ():
            yield ScenarioResult.of_json(json.loads(line))
        status = process.wait()
        if status not in (0, 1):
            yield ScenarioResult(name=names[0], passed=False, recovery_s=0.0, detail=f"ended with {status}")
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
