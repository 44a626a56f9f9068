"""One intent, at most one order: sent, recorded, and asked about."""

import pytest

from arb.adapters.memory.memory_venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
from arb.domain.trading.order import Purpose, State
from tests.engine.town import SESSION, Town


@pytest.fixture
def town() -> Town:
    return Town()


def open_one(town: Town) -> None:
    town.premium(60)
    assert town.evaluate_now() == 1


def run_due(town: Town) -> None:
    while any(at_ns <= town.clock.now_ns() for at_ns, _, _ in town.pending):
        town.run_one(next(i for i, each in enumerate(town.pending) if each[0] <= town.clock.now_ns()))


def test_a_rate_limited_order_pauses_its_venue_for_every_process(town):
    town.venues[Venue.UPBIT].troubles.append(Trouble.LIMITED)
    open_one(town)
    town.run_one(0)
    town.run_one(0)
    paused_ns = town.health.records(SESSION, 0)[Venue.UPBIT].paused_until_ns
    assert paused_ns == town.clock.now_ns() + 100 * NS_PER_MS


def test_retries_are_bounded_and_the_leg_ends_within_its_lifetime(town):
    town.venues[Venue.UPBIT].troubles.extend([Trouble.REFUSED] * 50)
    open_one(town)
    for _ in range(60):
        town.premium(60)
        run_due(town)
        town.pass_time(50)
    upbit = [row.order for row in town.tables.orders.values() if row.order.venue is Venue.UPBIT]
    entry = next(order for order in upbit if order.purpose is Purpose.ENTRY)
    assert entry.state is State.EXPIRED
    assert entry.attempts <= 8
    assert not entry.fills
