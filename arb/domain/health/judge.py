"""Whether all is well: measurements against a table of rules, and what three errors in a row mean.

Pure: values, times and thresholds are arguments. A rule says what is measured, which unit it has (the last
word of its name) and beyond what it is a WARN or an ERROR. ERROR at three counted samples in a row is
CRITICAL, unless the rule is borne; a subject that could not be measured keeps the level it had.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Final

from arb.domain.time import NS_PER_MS

ERRORS_UNTIL_CRITICAL: Final = 3
FORGET_NS: Final = 600_000_000_000  # a subject that nobody measured for this long is no subject any more


class HealthLevel(StrEnum):
    """The level of a rule for one subject."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"
    CRITICAL = "critical"


class Worse(Enum):
    """Which way a measurement gets worse."""

    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table."""

    name: str  # what is measured, its unit last
    warn: Decimal
    limit: Decimal  # beyond it is an ERROR
    worse: Worse = Worse.ABOVE
    borne: bool = False  # it is never CRITICAL: the stack goes on, and does less

    def level(self, value: Decimal) -> HealthLevel:
        """Return the level of one measurement, before it is known for how long it lasts."""
        if self._beyond(value, self.limit):
            return HealthLevel.ERROR
        return HealthLevel.WARN if self._beyond(value, self.warn) else HealthLevel.OK

    def _beyond(self, value: Decimal, threshold: Decimal) -> bool:
        return value > threshold if self.worse is Worse.ABOVE else value < threshold


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement of a rule's quantity on one subject."""

    rule: str
    subject: str
    value: Decimal


def age_ms(since_ns: int, now_ns: int) -> Decimal:
    """Return the age of something in milliseconds."""
    return Decimal(max(0, now_ns - since_ns) // NS_PER_MS)


def silence_ms(sign_ns: int, now_ns: int) -> Decimal:
    """Return how far a sign of life is from now in milliseconds: ahead of it, a clock was set back since."""
    return Decimal(abs(now_ns - sign_ns) // NS_PER_MS)


@dataclass(frozen=True, slots=True)
class SubjectHealth:
    """How one subject of one rule is, and how many counted samples in a row were errors."""

    level: HealthLevel = HealthLevel.OK
    errors: int = 0
    counted_ns: int = 0  # when the last error was counted
    seen_ns: int = 0
    since_ns: int = 0  # of the level


Key = tuple[str, str]  # (rule, subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChange:
    """A subject's level changed: one event, one alert, one row."""

    rule: str
    subject: str
    before: HealthLevel
    after: HealthLevel
    value: Decimal
    limit: Decimal
    at_ns: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a sweep of the watchdog found: the level of every subject, and what changed."""

    healths: Mapping[Key, SubjectHealth]
    changes: tuple[LevelChange, ...] = field(default=())

    @property
    def level(self) -> HealthLevel:
        """Return the worst level of all."""
        levels = {health.level for health in self.healths.values()}
        return max(levels, key=list(HealthLevel).index, default=HealthLevel.OK)


def judge(
    rules: Mapping[str, Rule],
    readings: Iterable[Reading],
    before: Mapping[Key, SubjectHealth],
    now_ns: int,
    sample_ns: int,
) -> Verdict:
    """Return every subject's health after these readings; errors are counted once in `sample_ns`."""
    healths = {key: health for key, health in before.items() if now_ns - health.seen_ns < FORGET_NS}
    changes = []
    for reading in readings:
        rule, key = rules[reading.rule], (reading.rule, reading.subject)
        known = healths.get(key, SubjectHealth(since_ns=now_ns))
        healths[key] = _step(known, rule, rule.level(reading.value), now_ns, sample_ns)
        if healths[key].level is not known.level:
            changes.append(_change(rule, reading, known.level, healths[key].level, now_ns))
    return Verdict(healths, tuple(changes))


def _step(known: SubjectHealth, rule: Rule, found: HealthLevel, now_ns: int, sample_ns: int) -> SubjectHealth:
    errors, counted_ns = known.errors, known.counted_ns
    if found is not HealthLevel.ERROR:
        errors, counted_ns = 0, 0
    elif errors == 0 or not 0 <= now_ns - counted_ns < sample_ns:
        errors, counted_ns = errors + 1, now_ns
    level = HealthLevel.CRITICAL if errors >= ERRORS_UNTIL_CRITICAL and not rule.borne else found
    since_ns = known.since_ns if level is known.level else now_ns
    return SubjectHealth(level, errors, counted_ns, now_ns, since_ns)


def _change(
    rule: Rule, reading: Reading, before: HealthLevel, after: HealthLevel, now_ns: int
) -> LevelChange:
    return LevelChange(
        rule=rule.name,
        subject=reading.subject,
        before=before,
        after=after,
        value=reading.value,
        limit=rule.warn if after is HealthLevel.WARN else rule.limit,
        at_ns=now_ns,
    )
