"""The watchdog's sweep: measure everything, judge it, and tell what changed.

Whoever takes the turn sweeps: beat's task or the thread of any long-lived process, so that no single
process, and not beat, is needed. What was found is kept outside the processes, so that levels and their
counts survive the sweeper. A sweep that waits for something can meet the next one, of another process: what
each finds is folded into what is kept, one at a time. A stack that starts or stops is left alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from arb.domain.errors import StoreUnavailable, VenueError
from arb.domain.health.alert import Alert, Severity
from arb.domain.health.judge import Change, Health, Key, Level, Reading, Rule, Verdict, judge
from arb.domain.risk.mode import STARTING, STOPPING
from arb.engine.health.degrade import Degrade
from arb.engine.health.monitor import REDIS_AWAY, Standing, Stood, SystemMonitor, stand
from arb.engine.health.probes.books import LastVitals
from arb.engine.market.feed_guard import FeedGuard
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters

GRACE_NS: Final = 15_000_000_000
SEVERITIES: Final = {
    Level.OK: Severity.INFO,
    Level.WARN: Severity.WARNING,
    Level.ERROR: Severity.CRITICAL,
    Level.CRITICAL: Severity.CRITICAL,
}


class Probe(Protocol):
    """One source of measurements."""

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return what is measured now. Raises: StoreUnavailable, VenueError where it cannot be."""


class HealthMemory(Protocol):
    """What sweeps remember, whichever process did the last one. Never raises."""

    def take_turn(self, now_ns: int) -> bool:
        """Tell whether this process is to sweep now; then nobody else is, until it fell silent."""

    def judge(self, step: Callable[[Mapping[Key, Health]], Verdict]) -> Verdict:
        """Take one step from the healths that were left, and leave its own; nobody else meanwhile."""

    def stand(self, step: Callable[[Mapping[str, Standing]], Stood]) -> Stood:
        """Take one step from the conditions that were left, likewise."""


class DeadMan(Protocol):
    """Somebody outside who calls when we fall silent."""

    def ping(self, now_ns: int) -> None:
        """Say that all is well. Never raises."""


class ChangeLog(Protocol):
    """Every change of a level, as a row."""

    def add(self, change: Change) -> None:
        """Write one. Raises: StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The use case behind `arb.watchdog` and the watch of every long-lived process."""

    probes: Sequence[Probe]
    redis_probes: Sequence[Probe]  # not asked while Redis is away: each would wait for it
    rules: Mapping[str, Rule]
    monitor: SystemMonitor
    feeds: FeedGuard
    vitals: LastVitals
    memory: HealthMemory
    changes: ChangeLog
    dead_man: DeadMan
    degrade: Degrade
    alerts: AlertSink
    counters: Counters
    clock: Clock
    sample_ns: int  # errors count towards CRITICAL once in this time

    def run(self) -> Verdict | None:
        """Sweep, if it is this process's turn and the stack is on duty; return what was found."""
        now_ns = self.clock.now_ns()
        if not self.memory.take_turn(now_ns):
            return None
        self.feeds.run(now_ns)
        self.vitals.ask()
        if not self._on_duty(now_ns):
            return None
        away = self._look(now_ns)
        readings = self._measure(self.probes if away else (*self.redis_probes, *self.probes), now_ns)
        verdict = self.memory.judge(
            lambda before: judge(self.rules, readings, before, now_ns, self.sample_ns)
        )
        for change in verdict.changes:
            self._tell(change)
        self._degrade(readings)
        if verdict.level is not Level.CRITICAL:
            self.dead_man.ping(now_ns)
        return verdict

    def _on_duty(self, now_ns: int) -> bool:
        """Tell whether a session is running that neither starts nor stops; True where nobody knows.

        For a moment after it began to trade, what has not come yet is not missing.
        """
        try:
            vitals = self.vitals.read()
        except StoreUnavailable:
            return True
        if vitals is None:
            return False
        if vitals.mode_reason in (STARTING, STOPPING):
            return False
        return not 0 <= now_ns - vitals.mode_changed_at_ns < GRACE_NS

    def _look(self, began_ns: int) -> bool:
        """Look at the whole and tell what changed; return whether Redis is away."""
        now_ns = self.clock.now_ns()
        facts = self.monitor.look(now_ns)
        stood = self.memory.stand(lambda before: stand(before, facts, began_ns, now_ns))
        for alert in stood.alerts:
            self.alerts.raise_alert(alert)
        return facts.get(REDIS_AWAY, False)

    def _measure(self, probes: Sequence[Probe], now_ns: int) -> list[Reading]:
        readings: list[Reading] = []
        for probe in probes:
            try:
                readings += probe.read(now_ns)
            except (StoreUnavailable, VenueError):
                self.counters.count("watchdog", f"unmeasured_{type(probe).__name__.lower()}")
        return readings

    def _degrade(self, readings: Sequence[Reading]) -> None:
        self.degrade.run(readings)
        try:
            self.vitals.read()  # raises where the database was away a moment ago: it is not waited for again
            self.degrade.watch_disks(readings)
        except StoreUnavailable:
            self.counters.count("watchdog", "mode_not_written")

    def _tell(self, change: Change) -> None:
        self.counters.count("watchdog", change.after)
        self.alerts.raise_alert(alert_of(change))
        try:
            self.vitals.read()  # raises where the database was away a moment ago: it is not waited for again
            self.changes.add(change)
        except StoreUnavailable:
            self.counters.count("watchdog", "change_not_stored")


def alert_of(change: Change) -> Alert:
    """Return what to tell about a change of a level."""
    how = "recovered" if change.after is Level.OK else change.after.value
    return Alert(
        kind=f"watchdog_{change.rule}",
        subject=change.subject,
        severity=SEVERITIES[change.after],
        grade=list(Level).index(change.after),
        message=f"{how}: {change.rule} of {change.subject} is {change.value:f} "
        f"(limit {change.limit:f}, was {change.before})",
        at_ns=change.at_ns,
    )
