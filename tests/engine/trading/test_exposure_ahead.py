"""What entries are reviewed by is read ahead while there are coins worth one, and only then."""

from dataclasses import replace

import pytest

from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Coin
from arb.domain.risk.known_exposure import AGE_NS_MAX
from arb.domain.risk.review import Mode
from arb.domain.time import NS_PER_MS
from arb.engine.trading.exposure_ahead import WANTED_NS, WAYS_MAX, ExposureAhead
from tests.domain.markets import PAIR
from tests.engine.testbed import SESSION, EngineTestbed

WAY, BACK = ((Coin("BTC"), direction) for direction in PAIR.directions)


class Watched:
    """A store whose marks move as in SQL, which notes what entries were reviewed by."""

    def __init__(self, trades) -> None:
        self._trades, self.mark, self.reads, self.by = trades, 0, [], []

    def known_exposure(self, session_id, ways, now_ns):
        self.reads.append(tuple(ways))
        return replace(self._trades.known_exposure(session_id, ways, now_ns), own_mark=self.mark)

    def session_view(self, *given):
        return replace(self._trades.session_view(*given), mark=self.mark)

    def open_trade(self, *given):
        self.by.append(None)
        self.mark += 1
        return self._trades.open_trade(*given)

    def open_reviewed(self, approved, orders, known):
        self.by.append(known)
        self.mark += 1
        return self._trades.open_reviewed(approved, orders, known)

    def __getattr__(self, name):
        return getattr(self._trades, name)


@pytest.fixture
def testbed():
    return EngineTestbed()


@pytest.fixture
def store(testbed):
    return Watched(testbed.trades)


@pytest.fixture
def ahead(testbed, store):
    return ExposureAhead(session_id=SESSION, trades=store, clock=testbed.clock)


def test_nothing_is_read_while_nothing_is_worth_an_entry(ahead, store):
    ahead.note(5)
    assert not ahead.is_due()
    ahead.read()
    assert store.reads == []


def test_what_was_worth_an_entry_is_served_once_it_was_read(testbed, ahead, store):
    assert ahead.of(WAY, testbed.clock.now_ns()) is None
    assert ahead.is_due()
    ahead.read()
    assert ahead.of(WAY, testbed.clock.now_ns()).ways == {WAY}
    assert not ahead.is_due()
    ahead.read()
    assert store.reads == [(WAY,)]


def test_it_is_read_again_for_another_direction(testbed, ahead, store):
    ahead.of(WAY, testbed.clock.now_ns())
    ahead.read()
    testbed.pass_time(1)
    assert ahead.of(BACK, testbed.clock.now_ns()) is None
    ahead.read()
    assert store.reads[1:] == [(BACK, WAY)]


def test_what_was_decided_since_makes_it_useless_and_due(testbed, ahead, store):
    ahead.of(WAY, testbed.clock.now_ns())
    ahead.read()
    store.mark = 1
    ahead.note(1)
    assert ahead.of(WAY, testbed.clock.now_ns()) is None
    assert ahead.is_due()
    ahead.read()
    assert ahead.of(WAY, testbed.clock.now_ns()) is not None


def test_it_is_read_again_before_it_is_too_old(testbed, ahead):
    ahead.of(WAY, testbed.clock.now_ns())
    ahead.read()
    testbed.pass_time(AGE_NS_MAX // 2 // NS_PER_MS)
    assert ahead.of(WAY, testbed.clock.now_ns()) is not None
    assert ahead.is_due()
    testbed.pass_time(AGE_NS_MAX // 2 // NS_PER_MS)
    assert ahead.of(WAY, testbed.clock.now_ns()) is None


def test_what_is_worth_nothing_any_more_is_forgotten(testbed, ahead):
    ahead.of(WAY, testbed.clock.now_ns())
    testbed.pass_time(WANTED_NS // NS_PER_MS)
    assert not ahead.is_due()


def test_of_many_the_newest_are_read(testbed, ahead, store):
    ways = [(Coin(f"C{number}"), WAY[1]) for number in range(2 * WAYS_MAX)]
    for way in ways:
        ahead.of(way, testbed.clock.now_ns())
        testbed.pass_time(1)
    ahead.read()
    assert store.reads == [tuple(reversed(ways[WAYS_MAX:]))]
    assert not ahead.is_due()


def test_where_sql_is_away_what_is_known_grows_old(testbed, ahead):
    ahead.of(WAY, testbed.clock.now_ns())
    testbed.tables.away = True
    with pytest.raises(StoreUnavailable):
        ahead.read()
    assert ahead.of(WAY, testbed.clock.now_ns()) is None


def test_an_entry_goes_by_it_if_it_came_in_time(testbed, store):
    evaluate = replace(testbed.evaluate, trades=store)
    for is_read in (False, True):
        if is_read:
            testbed.pass_time(60_000)
            evaluate.enter.exposure.of(WAY, testbed.clock.now_ns())
            evaluate.enter.exposure.of(BACK, testbed.clock.now_ns())
            evaluate.enter.exposure.read()
        testbed.premium(60)
        assert evaluate.run() == 1
    assert [each is not None for each in store.by] == [False, True]
    assert store.by[1].exposure.mode is Mode.NORMAL
