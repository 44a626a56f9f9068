"""Each change is told once; a disk that is almost full allows no new trades until there is room again."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.tables import MemoryTables
from arb.domain.health.alert import Severity
from arb.domain.health.degradation import Degradation, Degree
from arb.domain.health.judge import Reading
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.engine.health.degrade import Degrade
from tests.contracts import world
from tests.domain.health.test_degradation import RULES
from tests.engine.races import Raced
from tests.engine.testbed import Uncounted


class Board:
    def __init__(self):
        self.found = Degradation()

    def read(self):
        return self.found

    def write(self, found):
        self.found = found


class Machine:
    load = 0

    def pressure(self):
        return (Reading("load_pct", "machine", Decimal(self.load)),)


class Place:
    """A degrade use case and all that it touches."""

    def __init__(self):
        self.clock, self.board, self.machine = ManualClock(), Board(), Machine()
        self.sessions, self.counters = MemorySessionStore(MemoryTables()), Uncounted()
        self.session = world.session()
        self.sessions.create(self.session)
        self.alerts, self.lines = [], []
        self.degrade = Degrade(
            session_id=self.session.session_id, rules=RULES, disk_mb_min=Decimal(50), board=self.board,
            machine=self.machine, sessions=self.sessions, alerts=self, counters=self.counters, journal=self,
            clock=self.clock,
        )  # fmt: skip

    def raise_alert(self, alert):
        self.alerts.append((alert.kind, alert.severity))

    def degree_changed(self, before, after):
        self.lines.append((before.degree, after.degree))

    def mode(self):
        session = self.sessions.get(self.session.session_id)
        return session.mode, session.mode_reason


def disk(free_mb):
    return [Reading("disk_free_mb", "/home", Decimal(free_mb))]


@pytest.fixture
def place():
    return Place()


def test_a_change_is_a_line_an_alert_and_a_count_and_no_change_is_nothing(place):
    place.machine.load = 201
    for _ in range(3):
        place.degrade.run([])
    assert place.lines == [(Degree.FULL, Degree.NEAR)]
    assert place.alerts == [("degradation", Severity.WARNING)]
    assert place.counters.counts == {("degradation", "near"): 1}
    assert place.board.found.degree is Degree.NEAR


def test_the_way_back_is_told_too(place):
    place.machine.load = 101
    place.degrade.run([])
    place.machine.load = 0
    for _ in range(4):
        place.degrade.run([])
        place.clock.advance_ms(15_000)
    assert place.lines[-1] == (Degree.LEAN, Degree.FULL)
    assert place.alerts[-1] == ("degradation", Severity.INFO)


def test_without_room_nothing_is_opened_and_with_room_it_goes_on_by_itself(place):
    place.degrade.watch_disks(disk(51))
    assert place.mode()[0] is Mode.NORMAL
    place.degrade.watch_disks(disk(49))
    assert place.mode() == (Mode.REDUCE_ONLY, reason_text(Cause.NO_ROOM))
    place.degrade.watch_disks(disk(59))
    assert place.mode()[0] is Mode.REDUCE_ONLY
    place.degrade.watch_disks(disk(60))
    assert place.mode()[0] is Mode.NORMAL
    assert [kind for kind, _ in place.alerts] == ["disk_full", "disk_full"]


@pytest.mark.parametrize("free_mb", [49, 60])
def test_what_halts_a_session_while_the_disk_is_looked_at_stays(place, free_mb):
    if free_mb == 60:
        place.degrade.watch_disks(disk(49))
    told = len(place.alerts)
    raced = replace(place.degrade, sessions=Raced(place.sessions))
    raced.watch_disks(disk(free_mb))
    assert place.mode() == (Mode.HALTED, Raced.REASON)
    assert len(place.alerts) == told


def test_room_on_the_disk_lifts_no_other_reason(place):
    place.sessions.set_mode(place.session.session_id, Mode.REDUCE_ONLY, "by hand", 5)
    place.degrade.watch_disks(disk(1))
    place.degrade.watch_disks(disk(1_000))
    assert place.mode() == (Mode.REDUCE_ONLY, "by hand")
