"""Entries and exits that are written beside the evaluation: a coin waits for its own."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace

import pytest

from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Coin
from arb.domain.risk.review import Denied, Mode
from arb.domain.time import NS_PER_MINUTE
from arb.engine.trading.beside import Beside
from arb.engine.trading.exposure_ahead import ExposureAhead
from tests.domain.markets import PAIR
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
    openings, seen = Beside(), []
    openings.add(BTC, lambda _told: NO, refused(seen))
    assert openings.has(BTC)
    assert openings.take_up() == 0
    openings.start()
    assert openings.take_up() == 0
    assert seen == [NO]
    assert not openings.has(BTC)


def test_a_coin_has_one_under_way_until_it_is_taken_up():
    seats, seen = Seats(1), []
    openings = Beside(seats)
    openings.add(BTC, lambda _told: NO, lambda verdict: refused(seen)(verdict) or True)
    openings.start()
    assert openings.take_up() == 0
    seats.do()
    assert openings.has(BTC)
    assert openings.take_up() == 1
    assert seen == [NO]
    assert not openings.has(BTC)


def test_in_turn_one_seat_does_all_of_them_in_their_order():
    seats, done = Seats(9), []
    exits = Beside(seats, in_turn=True)
    for coin in (BTC, ETH):
        exits.add(coin, lambda _told, coin=coin: done.append(coin), lambda _outcome: 1)
        exits.start()
    assert len(seats.work) == 1
    seats.do()
    assert done == [BTC, ETH]
    assert exits.take_up() == 2
    exits.add(BTC, lambda _told: done.append(BTC), lambda _outcome: 1)
    exits.start()
    seats.do()
    assert done == [BTC, ETH, BTC]


def test_what_takes_long_is_waited_for_a_moment_only():
    seats = Seats(2)
    openings = Beside(seats)
    for coin in (BTC, ETH):
        openings.add(coin, lambda _told: NO, refused([]))
    openings.start()
    openings.wait_a_moment()
    assert openings.take_up() == 0
    assert openings.has(BTC)
    assert openings.has(ETH)


def test_a_failure_is_raised_where_it_is_taken_up_and_costs_no_other_one():
    def fail(_told: object) -> Denied:
        raise StoreUnavailable("away")

    openings, seen = Beside(), []
    openings.add(BTC, fail, refused(seen))
    openings.add(ETH, lambda _told: NO, refused(seen))
    openings.start()
    with pytest.raises(StoreUnavailable):
        openings.take_up()
    assert openings.take_up() == 0
    assert seen == [NO]
    assert not openings.has(BTC)


def test_what_became_of_a_piece_is_taken_up_while_it_goes_on(seats):
    openings, seen, told = Beside(seats, over=lambda coin: told.append(coin)), [], []

    def work(tell: Callable[[object], object]) -> Denied:
        tell(NO)
        told.append("goes on")
        assert openings.take_up() == 0
        return NO

    openings.add(BTC, work, refused(seen))
    openings.start()
    seats.do()
    assert told == [BTC, "goes on"]
    assert seen == [NO]
    assert openings.take_up() == 0
    assert seen == [NO]


def test_who_evaluates_is_not_kept_by_what_follows():
    given, openings = [], Beside()
    openings.add(BTC, given.append, refused([]))
    openings.start()
    assert given == [None]


def test_what_fails_after_it_was_told_of_takes_nothing_back(seats):
    openings, seen = Beside(seats), []

    def work(tell: Callable[[object], object]) -> Denied:
        tell(NO)
        raise StoreUnavailable("away")

    openings.add(BTC, work, refused(seen))
    openings.start()
    with pytest.raises(StoreUnavailable):
        seats.do()
    openings.take_up()
    assert seen == [NO]


@pytest.fixture
def seats():
    return Seats(1)


@pytest.fixture
def testbed():
    return EngineTestbed()


def test_an_entry_that_is_being_written_keeps_its_coin_from_another_look(testbed):
    seats = Seats(1)
    limits = replace(testbed.evaluate.limits, entry_cooldown_ns=NS_PER_MINUTE)
    testbed.evaluate = replace(testbed.evaluate, beside=seats, limits=limits)
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


def with_a_pair(testbed: EngineTestbed, seats: Seats) -> None:
    """Have a pair be open that is due to be closed."""
    open_one(testbed)
    run_due(testbed)
    testbed.evaluate = replace(testbed.evaluate, beside=seats)
    testbed.premium(-60)


def states(testbed: EngineTestbed) -> list[str]:
    return [trade.state.value for trade in testbed.tables.trades.values()]


def test_an_exit_is_written_beside_the_evaluation_and_keeps_its_coin_from_another_look(testbed):
    seats = Seats(1)
    with_a_pair(testbed, seats)
    for _ in range(2):
        assert testbed.evaluate_now() == 0
        assert len(seats.work) == 1
        testbed.premium(-60)
    seats.do()
    assert testbed.evaluate_now() > 0
    assert states(testbed)[0] == "closing"


def test_an_exit_reads_what_is_free_while_no_entry_is_decided(testbed):
    with_a_pair(testbed, Seats(0))
    exposure = testbed.evaluate.enter.exposure
    store = Watched(testbed.trades, lambda: exposure._deciding.locked())
    testbed.evaluate = replace(testbed.evaluate, trades=store)
    exposure = testbed.evaluate.enter.exposure
    assert testbed.evaluate_now() == 1
    assert store.seen == [True]
    assert not exposure._deciding.locked()


def test_after_an_exit_the_next_entry_reads_anew(testbed):
    with_a_pair(testbed, Seats(0))
    exposure = testbed.evaluate.enter.exposure
    with exposure.deciding((BTC, PAIR.directions[0])):
        pass
    assert not exposure.is_due()
    assert testbed.evaluate_now() == 1
    assert exposure.is_due()


def test_an_exit_whose_quotes_grew_old_while_it_waited_is_left_to_the_next_look(testbed):
    seats = Seats(1)
    with_a_pair(testbed, seats)
    testbed.evaluate_now()
    testbed.pass_time(60_000)
    seats.do()
    assert testbed.evaluate.close.exits.take_up() == 0
    assert states(testbed) == ["open"]


def test_a_coin_whose_exit_has_to_wait_is_looked_at_for_entries(testbed):
    """By who evaluates, for a second: else an exit that waits would keep the coin for itself."""
    seats = Seats(1)
    with_a_pair(testbed, seats)
    testbed.evaluate = replace(testbed.evaluate, exit_guard=Held(testbed.evaluate.exit_guard))
    testbed.evaluate_now()
    seats.do()
    testbed.premium(-60)
    assert testbed.evaluate_now() == 1
    assert not seats.work
    assert states(testbed) == ["open", "opening"]


def with_an_exit_held_back(testbed: EngineTestbed) -> Seats:
    """Have an exit that has to wait be under way, and its coin change meanwhile."""
    seats = Seats(1)
    with_a_pair(testbed, seats)
    testbed.evaluate = replace(testbed.evaluate, exit_guard=Held(testbed.evaluate.exit_guard))
    testbed.evaluate_now()
    testbed.premium(-60)
    return seats


def unavailable(*_arguments: object) -> None:
    raise StoreUnavailable("postgres: connection refused")


def evaluations(testbed: EngineTestbed) -> int:
    testbed.collect()
    return sum(name == "arb.evaluate" for _, name, _ in testbed.pending)


def test_a_change_while_an_exit_is_written_is_looked_at_once_it_is(testbed):
    seats = with_an_exit_held_back(testbed)
    testbed.evaluate_now()
    before = evaluations(testbed)
    seats.do()
    assert evaluations(testbed) == before + 1
    testbed.evaluate.run()  # nothing has changed since
    assert states(testbed) == ["open", "opening"]


def test_such_a_change_is_not_forgotten_while_a_store_is_away(testbed, monkeypatch):
    seats = with_an_exit_held_back(testbed)
    testbed.evaluate_now()
    seats.do()
    with monkeypatch.context() as away:
        away.setattr(type(testbed.trades), "session_view", unavailable)
        with pytest.raises(StoreUnavailable):
            testbed.evaluate.run()
    testbed.evaluate.run()  # nothing has changed since
    assert states(testbed) == ["open", "opening"]


def test_a_change_while_an_exit_ends_is_looked_at_too(testbed, monkeypatch):
    """It ends between the look that passes the coin by and the end of that evaluation."""
    seats = with_an_exit_held_back(testbed)
    before = evaluations(testbed)
    monkeypatch.setattr(Beside, "wait_a_moment", lambda _beside: seats.do())
    testbed.evaluate_now()
    assert evaluations(testbed) > before


def test_an_exit_that_waited_for_an_entry_until_its_quotes_were_old_is_not_written(testbed, monkeypatch):
    with_a_pair(testbed, Seats(0))
    alone = ExposureAhead.alone

    @contextmanager
    def slow(ahead):
        testbed.pass_time(60_000)
        with alone(ahead):
            yield

    monkeypatch.setattr(ExposureAhead, "alone", slow)
    assert testbed.evaluate_now() == 0
    assert states(testbed) == ["open"]


def test_an_entry_that_waited_for_another_one_until_its_quotes_were_old_is_not_written(testbed, monkeypatch):
    deciding = ExposureAhead.deciding

    @contextmanager
    def slow(ahead, way):
        testbed.pass_time(60_000)
        with deciding(ahead, way) as known:
            yield known

    monkeypatch.setattr(ExposureAhead, "deciding", slow)
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert states(testbed) == []


class Held:
    """A guard that has every exit wait."""

    def __init__(self, guard) -> None:
        self._guard = guard

    def pace(self, *_given):
        return None

    def __getattr__(self, name):
        return getattr(self._guard, name)


class Watched:
    """A store that notes what holds when an exit is written."""

    def __init__(self, trades, look) -> None:
        self._trades, self._look, self.seen = trades, look, []

    def add_orders(self, *given):
        self.seen.append(self._look())
        return self._trades.add_orders(*given)

    def __getattr__(self, name):
        return getattr(self._trades, name)


def test_an_entry_is_not_left_for_later_where_another_coin_fails(testbed):
    class Broken:
        def engaged(self):
            raise StoreUnavailable("away")

    seats = Seats(1)
    testbed.evaluate = replace(testbed.evaluate, beside=seats, kill_switch=Broken())
    testbed.evaluate.enter.openings.add(ETH, lambda _told: NO, refused([]))
    testbed.premium(60)
    with pytest.raises(StoreUnavailable):
        testbed.evaluate_now()
    assert len(seats.work) == 1
