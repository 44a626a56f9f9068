"""The ages of what must not get old, as SQL knows them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.local.errands import ThreadErrands
from arb.domain.errors import StoreUnavailable
from arb.domain.time import NS_PER_S
from arb.engine.health.probes.books import MOMENT_NS, Books, LastVitals, Uneven
from tests.engine.health.probes.reading import readings
from tests.engine.health.test_watch import VITALS, Store


def test_ages_of_nothing_are_zero_and_a_snapshot_that_never_was_is_as_old_as_the_session():
    found = readings(Books(Store()), 5 * NS_PER_S)
    assert found[("snapshot_age_ms", "testbed")] == 5_000
    assert found[("unknown_order_age_ms", "testbed")] == 0
    assert (found[("unhedged_age_ms", "testbed")], found[("unhedged_krw", "testbed")]) == (0, 0)
    assert readings(Books(Store(None)), NS_PER_S) == {}


def test_legs_that_differ_for_a_moment_are_trading_and_longer_they_are_unhedged():
    uneven = (
        Uneven(since_ns=10 * NS_PER_S, krw=Decimal(7)),
        Uneven(since_ns=12 * NS_PER_S, krw=Decimal(20)),
        Uneven(since_ns=40 * NS_PER_S - MOMENT_NS + 1, krw=Decimal(100)),
    )
    found = readings(Books(Store(replace(VITALS, uneven=uneven))), 40 * NS_PER_S)
    assert (found[("unhedged_age_ms", "testbed")], found[("unhedged_krw", "testbed")]) == (30_000, 27)


def test_an_order_in_doubt_is_as_old_as_its_claim():
    store = Store(replace(VITALS, unknown_since_ns=2 * NS_PER_S))
    assert readings(Books(store), 5 * NS_PER_S)["unknown_order_age_ms", "testbed"] == 3_000


def test_a_snapshot_is_as_old_as_when_it_was_taken():
    store = Store(replace(VITALS, snapshot_at_ns=4 * NS_PER_S, started_at_ns=NS_PER_S))
    assert readings(Books(store), 5 * NS_PER_S)["snapshot_age_ms", "testbed"] == 1_000


def test_a_database_that_hangs_is_asked_once_for_all_who_need_it():
    store = Store(away=True)
    last = LastVitals(store)
    last.ask(ThreadErrands())
    store.away = False
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            last.read()


def test_what_was_found_holds_until_the_next_question():
    store = Store()
    last = LastVitals(store)
    last.ask(ThreadErrands())
    store.away = True
    assert last.read() == VITALS
    last.ask(ThreadErrands())
    with pytest.raises(StoreUnavailable):
        last.read()


def test_a_database_that_is_back_is_believed_again():
    store = Store(away=True)
    last = LastVitals(store)
    last.ask(ThreadErrands())
    store.away = False
    last.ask(ThreadErrands())
    assert last.read() == VITALS
