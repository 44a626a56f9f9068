"""Restarts of workers that do not work, wired: the supervisor of this home, and a file that is shared."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

from arb.adapters.local.shared_file import Document, SharedFile
from arb.adapters.redis.counters import RedisCounters
from arb.adapters.redis.life import RedisQueues
from arb.app.shared import Shared
from arb.domain.health.queues import QUEUES
from arb.domain.health.revival import Memory, RevivalRules
from arb.domain.time import NS_PER_S
from arb.engine.health.revive import Revive
from arb.stack.control import AWAY, Supervisor
from arb.stack.home import Home

GAP_SWEEPS: Final = 4  # between two looks: a frozen process keeps its turn for two
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _SupervisedWorkers:
    """`arb.engine.health.revive.Keeper` on the supervisor of a home; there is none in a container."""

    supervisor: Supervisor

    def running(self) -> Mapping[int, tuple[str, int]]:
        try:
            found = self.supervisor.statuses()
        except AWAY:
            return {}
        return {
            each.pid: (each.name, each.uptime_s * NS_PER_S)
            for each in found
            if each.pid is not None and each.is_running
        }

    def kill(self, program: str) -> None:
        try:
            self.supervisor.kill(program)
        except AWAY:
            return  # it goes, and everything with it


@dataclass(frozen=True, slots=True)
class FileRevivalMemory:
    """`arb.engine.health.revive.RevivalMemory` in a file of the home."""

    file: SharedFile

    def step(self, change: Callable[[Memory], tuple[Memory, Result]]) -> Result:
        def rewrite(document: Document) -> Result:
            memory, result = change(_memory(document))
            document.clear()
            document.update(asdict(memory))
            return result

        return self.file.update(rewrite)


def _memory(document: Mapping[str, Any]) -> Memory:
    if not document:
        return Memory()
    revived = {program: tuple(past) for program, past in document["revived_ns"].items()}
    return Memory(**{**document, "revived_ns": revived})


def revive_of(shared: Shared) -> Revive:
    """Return what restarts the workers of this home that do not work."""
    home, watchdog = Home.default(), shared.settings.watchdog
    return Revive(
        heartbeats=shared.stores.heartbeats,
        queues=RedisQueues(shared.stores.redis, QUEUES, shared.settings.broker_prefix),
        keeper=_SupervisedWorkers(Supervisor(home)),
        memory=FileRevivalMemory(SharedFile(home.revival_file, shared.clock)),
        rules=RevivalRules(
            after_ns=watchdog.revive_after_sec * NS_PER_S,
            gap_ns=GAP_SWEEPS * watchdog.sweep_interval_sec * NS_PER_S,
            pause_ns=watchdog.revive_pause_sec * NS_PER_S,
            hourly_max=watchdog.revive_hourly_max,
        ),
        alerts=shared.alerts,
        # at once: who does not work may be this process, and what it keeps for a moment dies with it
        counters=RedisCounters(shared.stores.redis, shared.settings.scope),
        clock=shared.clock,
    )
