"""Each change is told once; a disk that is almost full allows no new trades until there is room again."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory import MemorySessionStore, MemoryTables
from arb.domain.health.alert import Severity
from arb.domain.health.degradation import Degradation, Degree
from arb.domain.health.judge import Reading
from arb.domain.market.ids import Symbol, Venue
from arb.domain.risk.mode import NO_ROOM
from arb.domain.risk.review import Mode
from arb.engine.health.degrade import Degrade
from arb.engine.market.markets import USDT_KRW
from tests.contracts import world
from tests.domain.health.test_degradation import RULES
from tests.engine.books import BTC_USDT, a_book
from tests.engine.market.test_feed import World
from tests.engine.races import Raced
from tests.engine.town import SESSION, Town, Uncounted


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
    assert place.mode() == (Mode.REDUCE_ONLY, NO_ROOM)
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


# what each degree leaves out


def test_a_far_coin_is_looked_at_once_a_second_and_counted_otherwise():
    town = Town()
    town.degree = Degree.NEAR
    town.premium(10)
    town.evaluate_now()
    town.premium(60)
    assert town.evaluate_now() == 0
    assert town.counters.counts["degraded", "far_coins"] == 1
    town.pass_time(1_000)
    town.premium(60)
    assert town.evaluate_now() == 1


@pytest.mark.parametrize("degree", [Degree.FULL, Degree.LEAN])
def test_below_that_degree_every_coin_is_looked_at(degree):
    town = Town()
    town.degree = degree
    town.premium(10)
    town.evaluate_now()
    town.premium(60)
    assert town.evaluate_now() == 1


def test_a_coin_that_is_held_is_never_far():
    town = Town()
    town.degree = Degree.SHALLOW
    town.premium(60)
    assert town.evaluate_now() == 1
    while town.pending:
        town.run_one()
    for _ in range(2):
        town.premium(9)  # far by its premium, and not yet time to close
        town.evaluate_now()
    town.premium(0)
    assert town.evaluate_now() == 1, "it is closed as soon as its time has come"
    assert ("degraded", "far_coins") not in town.counters.counts


def test_books_are_shallow_at_the_last_degree_only():
    levels = {}
    for degree in Degree:
        feeding = World()
        feeding.feed._degree = lambda degree=degree: degree
        feeding.feed.flush()
        feeding.feed.accept([deep(BTC_USDT)])
        feeding.feed.flush()
        book = feeding.store.get([BTC_USDT])[BTC_USDT]
        levels[degree] = (len(book.bids), len(book.asks))
    assert levels == {Degree.FULL: (9, 9), Degree.LEAN: (9, 9), Degree.NEAR: (9, 9), Degree.SHALLOW: (5, 5)}


def deep(key):
    book = a_book(key)
    level = book.bids[0]
    bids = tuple(type(level)(level.price - number, level.quantity) for number in range(9))
    asks = tuple(type(level)(level.price + 1 + number, level.quantity) for number in range(9))
    return type(book)(
        venue=book.venue, symbol=book.symbol, bids=bids, asks=asks, sequence=1, ts_event_ns=0,
        ts_recv_ns=book.ts_recv_ns,
    )  # fmt: skip


def test_a_hedge_is_decided_on_all_the_depth_that_the_venues_show():
    town = Town()
    town.premium(0, depth="1")
    town.show(town.book(Venue.BINANCE, "BTC/USDT", "99999.50", "100000.50", "8"))
    town.degree = Degree.SHALLOW
    market = town.settle.markets.read("BTC", deep=True)
    assert market.binance.bids[0].quantity == 8
    town.degree = Degree.NEAR
    assert town.settle.markets.read("BTC", deep=True).binance.bids[0].quantity == 1
    assert (Venue.UPBIT, Symbol("USDT/KRW")) == USDT_KRW and SESSION
