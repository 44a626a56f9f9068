"""Restart workers that do not work: what the supervisor cannot see, since their processes are there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from arb.domain.errors import StoreUnavailable
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.health.revival import HungWorker, Memory, RevivalRules, Worker, blind, look
from arb.engine.health.probes.life import Queues
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters, Heartbeats

Result = TypeVar("Result")


class Keeper(Protocol):
    """Who starts a process again when it ends."""

    def running(self) -> Mapping[int, tuple[str, int]]:
        """Return pid -> (program, ns that it runs); nothing where nobody supervises. Never raises."""

    def kill(self, program: str) -> None:
        """End a process at once, so that another is started. Never raises."""


class RevivalMemory(Protocol):
    """What was seen, whichever process looked."""

    def step(self, change: Callable[[Memory], tuple[Memory, Result]]) -> Result:
        """Change it while nobody else does. Never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revive:
    """The use case that follows each sweep of the watchdog."""

    heartbeats: Heartbeats
    queues: Queues
    keeper: Keeper
    memory: RevivalMemory
    rules: RevivalRules
    alerts: AlertSink
    counters: Counters
    clock: Clock

    def run(self) -> tuple[HungWorker, ...]:
        """Look once, and restart whoever does not work; return who that is."""
        now_ns = self.clock.now_ns()
        try:
            workers, depths = self._workers(), self.queues.depths()
        except StoreUnavailable:
            self.memory.step(lambda before: (blind(before, now_ns), None))
            return ()
        found = self.memory.step(lambda before: look(before, workers, depths, now_ns, self.rules))
        for finding in found:
            self._revive(finding, now_ns)
        return found

    def _workers(self) -> list[Worker]:
        """Return the workers that are supervised here. Raises: StoreUnavailable."""
        signs = self.heartbeats.read().values()
        running = self.keeper.running()
        return [
            Worker(
                program=running[int(facts["pid"])][0],
                queue=facts["queue"],
                up_ns=running[int(facts["pid"])][1],
                sign_ns=int(facts["at_ns"]),
                took_ns=int(facts["took_ns"]),
            )
            for facts in signs
            if facts.get("queue") and int(facts["pid"]) in running
        ]

    def _revive(self, finding: HungWorker, now_ns: int) -> None:
        how = "restarted" if finding.permitted else "not restarted, that was done too often"
        self.counters.count("workers_revived" if finding.permitted else "workers_given_up", finding.program)
        self.alerts.raise_alert(
            Alert(
                kind=AlertKind.WORKER_REVIVED if finding.permitted else AlertKind.WORKER_GIVEN_UP,
                subject=finding.program,
                severity=Severity.WARNING if finding.permitted else Severity.CRITICAL,
                message=f"{finding.program}: {finding.why}; {how}",
                at_ns=now_ns,
            )
        )
        if finding.permitted:
            self.keeper.kill(finding.program)
