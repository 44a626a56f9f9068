"""`arb chaos queue`: the queue harmed in every way, on servers and worker processes of its own."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from arb.chaos.outcome import Outcome, Scenario, run_all
from arb.operate.queue.disk import disk_full
from arb.operate.queue.ground import grounded
from arb.operate.queue.kills import Toll, beside_stock, kill_redis, kill_workers
from arb.operate.queue.memory import little_memory
from arb.operate.queue.outages import OUTAGES, outage
from arb.operate.queue.proxied import Proxied
from arb.operate.queue.refusals import TASKS, TASKS_QUICK, refusals
from arb.runtime.servers import servers_only
from arb.runtime.shutdown import Progress

REFUSALS: Final = "both_brokers_refuse"
WORKERS_KILLED: Final = "kill_9_of_busy_workers"
REDIS_KILLED: Final = "kill_9_of_redis"
LITTLE_MEMORY: Final = "little_memory"
DISK_FULL: Final = "disk_full"
KILLS: Final = (100, 30)  # of workers, of Redis
KILLS_QUICK: Final = (20, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How much is done."""

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


def on_brokers(terms: Terms) -> Iterator[Outcome]:
    """Refusals and outages, under the real app's workers."""
    with grounded(terms.progress) as ground:
        proxied = Proxied(ground.town)
        ground.start_workers()
        tasks = TASKS_QUICK if terms.quick else TASKS
        scenarios: dict[str, Scenario] = {REFUSALS: partial(refusals, ground, terms.seed, tasks)}
        scenarios |= {name: partial(outage, ground, proxied, name) for name in OUTAGES}
        yield from run_all(terms.chosen(scenarios))


def on_transport(terms: Terms) -> Iterator[Outcome]:
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


def on_little_memory(terms: Terms) -> Iterator[Outcome]:
    """Large tasks in a worker that may not have what they would take."""
    yield from run_all(terms.chosen({LITTLE_MEMORY: partial(little_memory, terms.progress)}))


def on_stack(terms: Terms) -> Iterator[Outcome]:
    """A disk that fills up under a whole stack of its own."""
    if os.geteuid() != 0:
        terms.progress(f"{DISK_FULL} is left out: mounting a small disk needs root")
        return
    scenarios: dict[str, Scenario] = {DISK_FULL: partial(disk_full, terms.seed, terms.progress)}
    yield from run_all(terms.chosen(scenarios))


# A group of scenarios shares servers, which are started only if one of them is wanted.
GROUPS: Final[dict[tuple[str, ...], Callable[[Terms], Iterator[Outcome]]]] = {
    (REFUSALS, *OUTAGES): on_brokers,
    (WORKERS_KILLED, REDIS_KILLED): on_transport,
    (LITTLE_MEMORY,): on_little_memory,
    (DISK_FULL,): on_stack,
}
NAMES: Final = tuple(name for names in GROUPS for name in names)


def run(terms: Terms) -> Iterator[Outcome]:
    """Run all that is wanted; return what came of each as it comes."""
    for names, group in GROUPS.items():
        if not terms.only or set(terms.only) & set(names):
            yield from group(terms)
