"""The watchdog's table: levels, three errors in a row, and what changed."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.health.judge import FORGET_NS, HealthLevel, Reading, Rule, SubjectHealth, Worse, judge
from arb.domain.time import NS_PER_S

LAG = Rule(name="ws_lag_ms", warn=Decimal(2_000), limit=Decimal(5_000))
DISK = Rule(name="disk_free_mb", warn=Decimal(2_048), limit=Decimal(512), worse=Worse.BELOW)
RULES = {rule.name: rule for rule in (LAG, DISK)}
KEY = ("ws_lag_ms", "upbit")


def sweep(value: int, before: dict[tuple[str, str], SubjectHealth], now_s: int):
    """Judge one reading of the lag."""
    reading = Reading("ws_lag_ms", "upbit", Decimal(value))
    return judge(RULES, [reading], before, now_s * NS_PER_S, 30 * NS_PER_S)


@pytest.mark.parametrize(
    ("rule", "value", "level"),
    [
        (LAG, 2_000, HealthLevel.OK),
        (LAG, 2_001, HealthLevel.WARN),
        (LAG, 5_000, HealthLevel.WARN),
        (LAG, 5_001, HealthLevel.ERROR),
        (DISK, 2_048, HealthLevel.OK),
        (DISK, 2_047, HealthLevel.WARN),
        (DISK, 512, HealthLevel.WARN),
        (DISK, 511, HealthLevel.ERROR),
    ],
)
def test_a_level_begins_beyond_its_threshold(rule, value, level):
    assert rule.level(Decimal(value)) is level


def test_three_counted_errors_in_a_row_are_critical():
    healths: dict[tuple[str, str], SubjectHealth] = {}
    levels = []
    for now_s in range(0, 70, 5):
        verdict = sweep(9_000, healths, now_s)
        healths = dict(verdict.healths)
        levels.append(verdict.level)
    assert levels == [HealthLevel.ERROR] * 12 + [HealthLevel.CRITICAL] * 2  # counted at 0, 30 and 60 s


def test_a_better_sample_begins_the_count_again():
    healths: dict[tuple[str, str], SubjectHealth] = {}
    for now_s, value in ((0, 9_000), (30, 9_000), (60, 3_000), (90, 9_000), (120, 9_000)):
        verdict = sweep(value, healths, now_s)
        healths = dict(verdict.healths)
    assert verdict.level is HealthLevel.ERROR
    assert healths[KEY].errors == 2


def test_only_a_change_is_told():
    first = sweep(3_000, {}, 0)
    again = sweep(3_500, dict(first.healths), 5)
    over = sweep(10, dict(again.healths), 10)
    told = [[(change.before, change.after) for change in each.changes] for each in (first, again, over)]
    assert told == [[(HealthLevel.OK, HealthLevel.WARN)], [], [(HealthLevel.WARN, HealthLevel.OK)]]


def test_what_cannot_be_measured_keeps_its_level_until_it_is_forgotten():
    known = dict(sweep(9_000, {}, 0).healths)
    silent = judge(RULES, [], known, 60 * NS_PER_S, 30 * NS_PER_S)
    assert silent.healths[KEY].level is HealthLevel.ERROR
    assert silent.changes == ()
    assert judge(RULES, [], known, FORGET_NS, 30 * NS_PER_S).healths == {}


def test_what_is_borne_stays_an_error():
    borne = replace(DISK, borne=True)
    healths: dict[tuple[str, str], SubjectHealth] = {}
    for minute in range(10):
        reading = Reading(borne.name, "/home", Decimal(1))
        healths = dict(
            judge({borne.name: borne}, [reading], healths, minute * 60 * NS_PER_S, NS_PER_S).healths
        )
    assert healths[borne.name, "/home"].level is HealthLevel.ERROR
