"""The ages of what must not get old, as SQL knows them."""

from dataclasses import replace
from decimal import Decimal

from arb.domain.time import NS_PER_S
from arb.engine.health.probes.books import MOMENT_NS, Books, Uneven
from tests.engine.health.probes.reading import readings
from tests.engine.health.test_watch import VITALS, Store


def test_ages_of_nothing_are_zero_and_a_snapshot_that_never_was_is_as_old_as_the_session():
    found = readings(Books(Store()), 5 * NS_PER_S)
    assert found[("snapshot_age_ms", "town")] == 5_000
    assert found[("unknown_order_age_ms", "town")] == 0
    assert (found[("unhedged_age_ms", "town")], found[("unhedged_krw", "town")]) == (0, 0)
    assert readings(Books(Store(None)), NS_PER_S) == {}


def test_legs_that_differ_for_a_moment_are_trading_and_longer_they_are_unhedged():
    uneven = (
        Uneven(since_ns=10 * NS_PER_S, krw=Decimal(7)),
        Uneven(since_ns=12 * NS_PER_S, krw=Decimal(20)),
        Uneven(since_ns=40 * NS_PER_S - MOMENT_NS + 1, krw=Decimal(100)),
    )
    found = readings(Books(Store(replace(VITALS, uneven=uneven))), 40 * NS_PER_S)
    assert (found[("unhedged_age_ms", "town")], found[("unhedged_krw", "town")]) == (30_000, 27)
