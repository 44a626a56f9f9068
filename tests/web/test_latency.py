"""The page's section of latency says what `arb latency` says of the last five minutes."""

from types import SimpleNamespace

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.time import NS_PER_MS
from arb.web.sections import LATENCY_NS, SectionReader
from tests.contracts import world

pytestmark = pytest.mark.integration
DECIDED_NS = world.NOW_NS


@pytest.fixture
def reader(database):
    session, trades = world.session(), SqlTradeStore(database)
    SqlSessionStore(database).create(session)
    for entry in world.openings(session.session_id):
        trades.book_entry(session.session_id, entry, DECIDED_NS)
    made = world.opening(session.session_id)
    trades.open_trade(made.proposal, made.orders, world.LIMITS, DECIDED_NS)
    order = trades.claim(made.orders[0].client_order_id, DECIDED_NS + 3 * NS_PER_MS)
    trades.record(world.filled(order), DECIDED_NS + 10 * NS_PER_MS, order)
    clock = ManualClock(DECIDED_NS + LATENCY_NS)
    engine = SimpleNamespace(
        clock=clock, session_id=session.session_id, stores=SimpleNamespace(trades=trades)
    )
    return SectionReader(lambda: engine, None, None, dict)


def test_each_part_of_the_way_has_its_percentiles(reader):
    parts = {each.pop("part"): each for each in reader.latency()}
    assert parts["decided_to_sent"] == {"p50_ms": 3.0, "p90_ms": 3.0, "p99_ms": 3.0}
    assert parts["tick_to_filled"]["p50_ms"] == (world.TICK_NS + 10 * NS_PER_MS) / NS_PER_MS


def test_what_is_older_than_five_minutes_is_not_in_it(reader):
    reader._engine().clock.advance_ms(1)
    assert reader.latency() == []
