"""Restarting workers: the signs that are read, whom it concerns, what is told."""

from dataclasses import dataclass, field

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.local.shared_file import SharedFile
from arb.app.revival import FileRevivalMemory
from arb.domain.errors import StoreUnavailable
from arb.domain.health.revival import RevivalRules
from arb.engine.health.revive import Revive

S = 1_000_000_000
RULES = RevivalRules(after_ns=10 * S, gap_ns=5 * S, pause_ns=60 * S, hourly_max=1)


@dataclass
class World:
    """Signs, queues, a supervisor and who was told; all in memory."""

    signs: dict = field(default_factory=dict)
    depth: int = 1
    away: bool = False
    processes: dict = field(default_factory=dict)
    killed: list = field(default_factory=list)
    alerts: list = field(default_factory=list)
    counts: list = field(default_factory=list)

    def read(self):
        if self.away:
            raise StoreUnavailable("redis: away")
        return self.signs

    def depths(self):
        return {"orders": self.depth}

    def running(self):
        return self.processes

    def kill(self, program):
        self.killed.append(program)

    def raise_alert(self, alert):
        self.alerts.append((alert.kind, alert.subject, alert.severity.value))

    def count(self, name, reason, amount=1):
        self.counts.append((name, reason))


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def world(clock):
    facts = {"pid": "7", "queue": "orders", "took_ns": "0", "at_ns": str(clock.now_ns())}
    return World(signs={"worker-orders": facts}, processes={7: ("worker-orders", 900 * S)})


@pytest.fixture
def revive(world, clock, tmp_path):
    def made():
        return Revive(
            heartbeats=world, queues=world, keeper=world, alerts=world, counters=world,
            clock=clock, rules=RULES, memory=FileRevivalMemory(SharedFile(tmp_path / "revival.json", clock)),
        )  # fmt: skip

    return made


def looks(revive, clock, seconds):
    """Look every 2 s, each time as another process."""
    for _ in range(0, seconds, 2):
        clock.sleep_ms(2_000)
        revive().run()


def test_a_silent_worker_is_killed_once_and_told_then_given_up(revive, world, clock):
    looks(revive, clock, 60)
    assert world.killed == ["worker-orders"]
    assert world.alerts == [("worker_revived", "worker-orders", "warning")]
    looks(revive, clock, 60)
    assert world.killed == ["worker-orders"]
    assert world.alerts[1:] == [("worker_given_up", "worker-orders", "critical")]
    assert world.counts[-1] == ("workers_given_up", "worker-orders")


def test_signs_of_another_process_or_of_no_queue_concern_nobody(revive, world, clock):
    world.signs["fallback"] = {**world.signs["worker-orders"], "pid": "8", "queue": ""}
    world.processes = {8: ("worker-fallback", 900 * S)}
    looks(revive, clock, 60)
    assert world.killed == []


def test_while_the_signs_cannot_be_read_nobody_is_killed(revive, world, clock):
    world.away = True
    looks(revive, clock, 60)
    world.away = False
    looks(revive, clock, 8)
    assert world.killed == []
    looks(revive, clock, 10)
    assert world.killed == ["worker-orders"]
