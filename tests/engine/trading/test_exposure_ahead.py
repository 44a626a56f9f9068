"""What entries are reviewed by is read ahead while there are coins worth one, and only then."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Thread

import pytest

from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Coin
from arb.domain.risk.known_exposure import AGE_NS_MAX
from arb.domain.time import NS_PER_MS, is_within
from arb.engine.trading import exposure_ahead as module
from arb.engine.trading.exposure_ahead import WANTED_NS, WAYS_MAX, ExposureAhead
from tests.contracts import world
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

    def open_reviewed(self, approved, orders, known, meanwhile):
        self.by.append(known)
        self.mark += 1
        return self._trades.open_reviewed(approved, orders, known, meanwhile)

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


def used(ahead, way=WAY):
    """Return what an entry is reviewed by now."""
    with ahead.deciding(way) as known:
        return known


def test_it_is_read_once_before_the_first_entry_and_then_not_while_nothing_is_worth_one(ahead, store):
    ahead.read()
    assert store.reads == [()]
    ahead.note(5)
    assert not ahead.is_due()
    ahead.read()
    assert store.reads == [()]


def test_what_was_worth_an_entry_is_read_ahead(ahead, store):
    ahead.want(WAY)
    assert ahead.is_due()
    ahead.read()
    assert not ahead.is_due()
    ahead.read()
    assert used(ahead).ways == {WAY}
    assert store.reads == [(WAY,)]


def test_where_it_was_not_it_is_read_for_the_entry(ahead, store):
    assert used(ahead).ways == {WAY}
    assert store.reads == [(WAY,)]


def test_it_is_read_again_for_another_direction(testbed, ahead, store):
    used(ahead)
    testbed.pass_time(1)
    assert used(ahead, BACK).ways == {WAY, BACK}
    assert store.reads == [(WAY,), (BACK, WAY)]


def test_what_was_decided_since_makes_it_useless_and_due(ahead, store):
    used(ahead)
    store.mark = 1
    ahead.note(1)
    assert ahead.is_due()
    assert used(ahead).own_mark == 1
    assert len(store.reads) == 2


def test_what_was_most_likely_decided_since_does_too(ahead, store):
    used(ahead)
    with ahead.alone():
        pass
    assert ahead.is_due()
    used(ahead)
    assert not ahead.is_due()
    assert len(store.reads) == 2


def test_it_is_read_again_before_it_is_too_old(testbed, ahead, store):
    used(ahead)
    testbed.pass_time(AGE_NS_MAX // 2 // NS_PER_MS)
    assert ahead.is_due()
    used(ahead)
    assert len(store.reads) == 1
    testbed.pass_time(AGE_NS_MAX // 2 // NS_PER_MS)
    used(ahead)
    assert len(store.reads) == 2


def test_what_is_worth_nothing_any_more_is_forgotten(testbed, ahead):
    ahead.want(WAY)
    ahead.read()
    ahead.expire()
    assert ahead.is_due()
    testbed.pass_time(WANTED_NS // NS_PER_MS)
    assert not ahead.is_due()


def test_of_many_the_newest_are_read(testbed, ahead, store):
    ways = [(Coin(f"C{number}"), WAY[1]) for number in range(2 * WAYS_MAX)]
    for way in ways:
        ahead.want(way)
        testbed.pass_time(1)
    ahead.read()
    assert store.reads == [tuple(reversed(ways[WAYS_MAX:]))]
    assert not ahead.is_due()


def test_where_sql_is_away_an_entry_fails(testbed, ahead):
    testbed.tables.away = True
    with pytest.raises(StoreUnavailable):
        used(ahead)
    testbed.tables.away = False
    assert used(ahead) is not None  # nobody holds up the others


def test_an_entry_of_ours_is_added_without_reading_it_again(ahead, store):
    known, proposal = used(ahead), world.opening(SESSION).proposal
    ahead.entered(known, proposal)
    ahead.note(known.own_mark + 1)
    assert not ahead.is_due()
    assert used(ahead) == known.with_entry(proposal)
    assert len(store.reads) == 1


def test_nothing_is_added_to_what_was_read_after_it(ahead, store):
    known = used(ahead)
    store.mark = 1
    ahead.note(1)
    again = used(ahead)
    ahead.entered(known, world.opening(SESSION).proposal)
    assert used(ahead) == again


def test_what_was_read_before_an_entry_of_ours_does_not_replace_it(testbed, ahead, store):
    """Read in another thread meanwhile: it is older."""
    known, proposal = used(ahead), world.opening(SESSION).proposal
    read = store.known_exposure

    def beside(*given):
        found = read(*given)
        ahead.entered(known, proposal)
        return found

    store.known_exposure = beside
    testbed.pass_time(AGE_NS_MAX // 2 // NS_PER_MS)
    ahead.read()
    assert used(ahead) == known.with_entry(proposal)


def test_entries_are_decided_one_at_a_time(ahead):
    with ThreadPoolExecutor(1) as pool:
        with ahead.deciding(WAY):
            other = pool.submit(used, ahead, BACK)
            with pytest.raises(TimeoutError):
                other.result(0.05)
        assert other.result(10) is not None


def test_what_an_entry_needs_is_read_whatever_else_is_wanted(testbed, ahead):
    """Its losses in a row are not in it else, and a pause after them would not be kept."""
    for number in range(WAYS_MAX):
        ahead.want((Coin(f"C{number}"), WAY[1]))
    testbed.clock.advance_ms(-50)  # the clock was set back: what is wanted now looks older than all others
    assert WAY in used(ahead).ways


def test_what_is_wanted_while_others_are_counted_is_not_lost(ahead, monkeypatch):
    ahead.want(BACK)
    wanting = Thread(target=ahead.want, args=(WAY,))

    def beside(*given):
        if not wanting.ident:
            wanting.start()
            wanting.join(0.05)
        return is_within(*given)

    monkeypatch.setattr(module, "is_within", beside)
    ahead.is_due()
    wanting.join(10)
    ahead.read()
    assert ahead._known.ways == {WAY, BACK}


def test_a_reading_that_fails_leaves_it_expired(testbed, ahead, store):
    used(ahead)
    ahead.expire()
    testbed.tables.away = True
    with pytest.raises(StoreUnavailable):
        ahead.read()
    testbed.tables.away = False
    assert ahead.is_due()
