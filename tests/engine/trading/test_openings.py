"""Entries that are written beside the evaluation: a coin waits for its own, an exit for all of them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Coin
from arb.domain.risk.review import Denied, Mode
from arb.engine.trading.openings import Openings
from tests.engine.testbed import SESSION, EngineTestbed, open_one, run_due

BTC, ETH = Coin("BTC"), Coin("ETH")
NO = Denied("no")


class Seats:
    """As many as there are, whose work is done when a test says so."""

    def __init__(self, free: int) -> None:
        self.free, self.work = free, []

    def __call__(self, count: int) -> "Seats | None":
        if self.free < count:
            return None
        self.free -= count
        return self

    def run(self, work: Callable[[], object]) -> None:
        self.work.append(work)

    def give_back(self) -> None: ...

    def do(self) -> None:
        while self.work:
            self.work.pop(0)()


def refused(seen: list[object]) -> Callable[[object], bool]:
    def then(verdict: object) -> bool:
        seen.append(verdict)
        return False

    return then


def test_what_nobody_is_free_for_is_written_by_who_starts_it():
    openings, seen = Openings(), []
    openings.add(BTC, lambda: NO, refused(seen))
    assert openings.has(BTC)
    assert openings.take_up() == 0
    openings.start()
    assert openings.take_up() == 0
    assert seen == [NO]
    assert not openings.has(BTC)


def test_a_coin_has_one_under_way_until_it_is_taken_up():
    seats, seen = Seats(1), []
    openings = Openings(seats)
    openings.add(BTC, lambda: NO, lambda verdict: refused(seen)(verdict) or True)
    openings.start()
    assert openings.take_up() == 0
    seats.do()
    assert openings.has(BTC)
    assert openings.take_up() == 1
    assert seen == [NO]
    assert not openings.has(BTC)


def test_an_exit_waits_for_all_of_them():
    openings, written = Openings(), []
    openings.add(BTC, lambda: written.append(BTC) or NO, refused([]))
    openings.wait()
    assert written == [BTC]


def test_a_failure_is_raised_where_it_is_taken_up_and_costs_no_other_one():
    def fail() -> Denied:
        raise StoreUnavailable("away")

    openings, seen = Openings(), []
    openings.add(BTC, fail, refused(seen))
    openings.add(ETH, lambda: NO, refused(seen))
    openings.start()
    with pytest.raises(StoreUnavailable):
        openings.take_up()
    assert openings.take_up() == 0
    assert seen == [NO]
    assert not openings.has(BTC)


@pytest.fixture
def testbed():
    return EngineTestbed()


def test_an_entry_that_is_being_written_keeps_its_coin_from_another_look(testbed):
    seats = Seats(1)
    testbed.evaluate = replace(testbed.evaluate, beside=seats)
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert len(seats.work) == 1
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert len(seats.work) == 1
    seats.do()
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    assert len(testbed.tables.trades) == 1


def test_what_became_of_it_is_noted_as_if_it_had_been_written_at_once(testbed):
    beside, at_once = testbed, EngineTestbed()
    seats, kept = Seats(1), {id(beside): [], id(at_once): []}
    beside.evaluate = replace(beside.evaluate, beside=seats, journal=kept[id(beside)].append)
    at_once.evaluate = replace(at_once.evaluate, journal=kept[id(at_once)].append)
    for each in (beside, at_once):
        each.premium(60)
        each.evaluate_now()
        seats.do()
        each.evaluate.enter.openings.take_up()
    assert kept[id(beside)] == kept[id(at_once)] != []
    assert beside.counters.counts == at_once.counters.counts


def test_a_halt_while_it_waits_is_seen_by_its_review(testbed):
    seats = Seats(1)
    testbed.evaluate = replace(testbed.evaluate, beside=seats)
    testbed.premium(60)
    testbed.evaluate_now()
    testbed.sessions.set_mode(SESSION, Mode.HALTED, "test", testbed.clock.now_ns())
    seats.do()
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert not testbed.tables.trades


def test_who_dies_with_an_entry_under_way_leaves_nothing_or_a_trade_that_a_sweep_finds(testbed):
    seats = Seats(1)
    testbed.evaluate = replace(testbed.evaluate, beside=seats)
    testbed.premium(60)
    testbed.evaluate_now()
    assert not testbed.tables.trades
    seats.do()  # and nobody ever takes it up
    testbed.quiesce()
    assert all(set(testbed.orders_at(venue).values()) == {1} for venue in testbed.venues)
    assert not testbed.drifts()
    assert all(row.order.is_terminal for row in testbed.tables.orders.values())


def test_an_exit_that_is_due_comes_after_an_entry_that_is_under_way(testbed):
    open_one(testbed)
    run_due(testbed)
    order: list[str] = []
    store = Watched(testbed.trades, order)
    testbed.evaluate = replace(testbed.evaluate, trades=store)
    testbed.evaluate.enter.openings.add(ETH, lambda: order.append("entry") or NO, refused([]))
    testbed.premium(-60)
    assert testbed.evaluate_now() == 1
    assert order == ["entry", "exit"]
    assert testbed.trades.active(SESSION)


class Watched:
    """A store that notes when an exit is written."""

    def __init__(self, trades, order) -> None:
        self._trades, self._order = trades, order

    def add_orders(self, *given):
        self._order.append("exit")
        return self._trades.add_orders(*given)

    def __getattr__(self, name):
        return getattr(self._trades, name)


def test_an_entry_is_not_left_for_later_where_another_coin_fails(testbed):
    class Broken:
        def engaged(self):
            raise StoreUnavailable("away")

    seats = Seats(1)
    testbed.evaluate = replace(testbed.evaluate, beside=seats, kill_switch=Broken())
    testbed.evaluate.enter.openings.add(ETH, lambda: NO, refused([]))
    testbed.premium(60)
    with pytest.raises(StoreUnavailable):
        testbed.evaluate_now()
    assert len(seats.work) == 1
