"""The watchdog's sweep: measure everything, judge it, and tell what changed.

Whoever takes the turn sweeps: beat's task or the thread of any long-lived process, so that no single
process, and not beat, is needed. What was found is kept outside the processes, so that levels and their
counts survive the sweeper. A sweep that waits for something can meet the next one, of another process: what
each finds is folded into what is kept, one at a time. A stack that starts or stops is left alone.

No watcher waits for what it watches: every look, probe and write is an errand with a time of its own. One
that hangs costs what it alone would have told, and that it hangs is told.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

from arb.domain.errors import Late, StoreUnavailable, VenueError
from arb.domain.health.alert import WATCHDOG, Alert, AlertKind, Severity
from arb.domain.health.judge import (
    HealthLevel,
    Key,
    LevelChange,
    Reading,
    Rule,
    SubjectHealth,
    Verdict,
    judge,
)
from arb.domain.risk.mode import Cause, ModeReason
from arb.engine.health.degrade import Degrade
from arb.engine.health.monitor import StandingAlert, Stood, SystemMonitor, hanging, stand, together
from arb.engine.health.probes.books import LastVitals
from arb.engine.market.feed_guard import FeedGuard
from arb.ports.market import Clock, Errands
from arb.ports.messaging import AlertSink, Counters

GRACE_NS: Final = 15_000_000_000
# A sweep in which everything hangs takes VITALS_MS_MAX and four of these, 24 s; what stands is told in its
# first 16 s: within the 30 s in which somebody has to be told, also where it began two intervals late.
ERRAND_MS_MAX: Final = 4_000
Result = TypeVar("Result")
SEVERITIES: Final = {
    HealthLevel.OK: Severity.INFO,
    HealthLevel.WARN: Severity.WARNING,
    HealthLevel.ERROR: Severity.CRITICAL,
    HealthLevel.CRITICAL: Severity.CRITICAL,
}
UNWRITTEN: Final = {"disks": "mode_not_written", "changes": "change_not_stored"}


class Probe(Protocol):
    """One source of measurements."""

    def read(self, now_ns: int) -> Iterable[Reading]:
        """Return what is measured now. Raises: StoreUnavailable, VenueError where it cannot be."""


class HealthMemory(Protocol):
    """What sweeps remember, whichever process did the last one. Never raises."""

    def take_turn(self, now_ns: int) -> bool:
        """Tell whether this process is to sweep now; then nobody else is, until it fell silent."""

    def judge(self, step: Callable[[Mapping[Key, SubjectHealth]], Verdict]) -> Verdict:
        """Take one step from the healths that were left, and leave its own; nobody else meanwhile."""

    def stand(self, step: Callable[[Mapping[str, StandingAlert]], Stood]) -> Stood:
        """Take one step from the conditions that were left, likewise."""


class DeadMan(Protocol):
    """Somebody outside who calls when we fall silent."""

    def ping(self, now_ns: int) -> None:
        """Say that all is well. Never raises."""


class ChangeLog(Protocol):
    """Every change of a level, as a row."""

    def add(self, change: LevelChange) -> None:
        """Record that a level changed. Raises: StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchdog:
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
    errands: Errands
    clock: Clock
    sample_ns: int  # errors count towards CRITICAL once in this time

    def run(self) -> Verdict | None:
        """Sweep, if it is this process's turn and the stack is on duty; return what was found."""
        now_ns = self.clock.now_ns()
        if not self.memory.take_turn(now_ns):
            return None
        self.vitals.ask(self.errands)
        hangs: dict[str, bool] = {}
        if not self._is_away():
            self._all({"feeds": lambda: self.feeds.run(now_ns)}, hangs)
        if not self._on_duty(now_ns):
            return None
        redis_away = self._look(now_ns, hangs)
        readings = self._measure(
            self.probes if redis_away else (*self.redis_probes, *self.probes), now_ns, hangs
        )
        verdict = self.memory.judge(
            lambda before: judge(self.rules, readings, before, now_ns, self.sample_ns)
        )
        for change in verdict.changes:
            self.counters.count("watchdog", change.after)
            self.alerts.raise_alert(_alert_of(change))
        self._follow(verdict, readings, now_ns, hangs)
        self._stand({hanging(part): hung for part, hung in hangs.items()}, self.clock.now_ns())
        return verdict

    def _all(self, calls: Mapping[str, Callable[[], Result]], hangs: dict[str, bool]) -> dict[str, Result]:
        """Make the calls side by side; return what came in time, and note what did not."""
        found: dict[str, Result] = {}
        for name, outcome in self.errands.run_all(calls, ERRAND_MS_MAX).items():
            try:
                found[name] = outcome()
            except (StoreUnavailable, VenueError) as error:
                hangs[name] = isinstance(error, Late)
            else:
                hangs[name] = False
        return found

    def _is_away(self) -> bool:
        """Tell whether the database was away a moment ago: it is not waited for again."""
        return self.monitor.database()[AlertKind.POSTGRES_UNREACHABLE]

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
        if ModeReason.parse(vitals.mode_reason).cause in (Cause.STARTING, Cause.STOPPING):
            return False
        return not 0 <= now_ns - vitals.mode_changed_at_ns < GRACE_NS

    def _look(self, began_ns: int, hangs: dict[str, bool]) -> bool:
        """Look at the whole and tell what changed; return whether Redis is away."""
        self._stand(self.monitor.database(), began_ns)
        now_ns = self.clock.now_ns()
        looks = {name: partial(look, now_ns) for name, look in self.monitor.looks().items()}
        facts = together(self._all(looks, hangs).values())
        self._stand(facts, began_ns)
        return facts.get(AlertKind.REDIS_UNREACHABLE, False)

    def _stand(self, facts: Mapping[str, bool], began_ns: int) -> None:
        now_ns = self.clock.now_ns()
        stood = self.memory.stand(lambda before: stand(before, facts, began_ns, now_ns))
        for alert in stood.alerts:
            self.alerts.raise_alert(alert)

    def _measure(self, probes: Sequence[Probe], now_ns: int, hangs: dict[str, bool]) -> list[Reading]:
        """Ask all probes side by side: the readings of those that could answer, in their order."""
        named = named_probes(probes)
        found = self._all({name: partial(_read, probe, now_ns) for name, probe in named.items()}, hangs)
        for name in named.keys() - found.keys():
            self.counters.count("watchdog", f"unmeasured_{type(named[name]).__name__.lower()}")
        return [reading for readings in found.values() for reading in readings]

    def _follow(
        self, verdict: Verdict, readings: Sequence[Reading], now_ns: int, hangs: dict[str, bool]
    ) -> None:
        """Do and write what follows of a verdict, side by side."""
        calls: dict[str, Callable[[], object]] = {"degrade": lambda: self.degrade.run(readings)}
        if verdict.level is not HealthLevel.CRITICAL:
            calls["dead_man"] = lambda: self.dead_man.ping(now_ns)
        written: dict[str, Callable[[], object]] = {"disks": lambda: self.degrade.watch_disks(readings)}
        if verdict.changes:
            written["changes"] = lambda: self._keep(verdict.changes)
        if not self._is_away():
            calls |= written
        done = self._all(calls, hangs)
        for name in written.keys() - done.keys():
            self.counters.count("watchdog", UNWRITTEN[name])

    def _keep(self, changes: Iterable[LevelChange]) -> None:
        for change in changes:
            self.changes.add(change)


def named_probes(probes: Iterable[Probe]) -> dict[str, Probe]:
    """Return probes by the name of their kind; further ones of a kind are numbered."""
    named: dict[str, Probe] = {}
    for probe in probes:
        kind = type(probe).__name__.lower()
        alike = sum(type(other) is type(probe) for other in named.values())
        named[f"{kind}-{alike + 1}" if alike else kind] = probe
    return named


def _read(probe: Probe, now_ns: int) -> list[Reading]:
    return list(probe.read(now_ns))


def _alert_of(change: LevelChange) -> Alert:
    """Return what to tell about a change of a level."""
    how = "recovered" if change.after is HealthLevel.OK else change.after.value
    return Alert(
        kind=AlertKind(f"{WATCHDOG}{change.rule}"),
        subject=change.subject,
        severity=SEVERITIES[change.after],
        grade=list(HealthLevel).index(change.after),
        message=f"{how}: {change.rule} of {change.subject} is {change.value:f} "
        f"(limit {change.limit:f}, was {change.before})",
        at_ns=change.at_ns,
    )
