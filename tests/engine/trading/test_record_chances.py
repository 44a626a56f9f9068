"""Chances become rows, no more of them a day than there is room for."""

from dataclasses import replace

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.chances import MemoryChances
from arb.adapters.memory.opportunities import MemoryOpportunities
from arb.domain.market.ids import SessionId
from arb.domain.time import ALWAYS, NS_PER_DAY, NS_PER_S
from arb.engine.trading.record_chances import RecordChances
from tests.contracts.test_recorded import CHANCE
from tests.contracts.world import NOW_NS
from tests.engine.testbed import EngineTestbed

SESSION = SessionId("watched")


@pytest.fixture
def record() -> RecordChances:
    return RecordChances(
        session_id=SESSION,
        passed_on=MemoryChances(),
        store=MemoryOpportunities(),
        counters=EngineTestbed().counters,
        clock=ManualClock(NOW_NS),
        rows_per_day_max=5,
    )


def chances(first: int, last: int):
    return [replace(CHANCE, began_ns=NOW_NS + number * NS_PER_S) for number in range(first, last)]


def rows(record: RecordChances) -> int:
    return len(record.store.read(SESSION, ALWAYS, 100))


def test_full_day_keeps_no_more_and_the_next_one_does(record):
    record.passed_on.keep(chances(0, 8))
    assert record.run() == 5
    record.passed_on.keep(chances(8, 9))
    assert record.run() == 0
    assert rows(record) == 5
    record.clock.advance_ns(NS_PER_DAY)
    record.passed_on.keep([replace(CHANCE, began_ns=NOW_NS + NS_PER_DAY)])
    assert record.run() == 1


def test_one_that_goes_on_for_long_fills_no_day(record):
    for _ in range(20):
        record.passed_on.keep(chances(0, 1))
        record.run()
        record.clock.advance_ns(61 * NS_PER_S)
    record.passed_on.keep(chances(1, 3))
    assert record.run() == 2
    assert rows(record) == 3
