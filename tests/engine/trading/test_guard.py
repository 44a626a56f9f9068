"""What stops or shrinks a new pair: the rate, the market, the venues' behaviour."""

import pytest

from arb.adapters.memory.memory_venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS
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


def test_a_rate_that_jumps_stops_entries(town):
    town.premium(0)
    town.evaluate_now()
    town.pass_time(600)
    town.premium(60)
    leap = town.book(Venue.UPBIT, "USDT/KRW", "1510", "1512", "100000")
    town.quotes.put([leap], [])
    assert town.evaluate_now() == 0
    assert town.counters.counts["refused", "rate_absurd"] == 1


def test_a_venue_that_asks_for_a_pause_gets_no_entries_until_then(town):
    town.health.pause(SESSION, Venue.BINANCE, town.clock.now_ns() + 5_000 * NS_PER_MS, "418")
    town.premium(60)
    assert town.evaluate_now() == 0
    assert town.counters.counts["refused", "venue_paused_binance"] == 1
    town.pass_time(5_001)
    open_one(town)


def test_troubles_shrink_the_next_trade(town):
    for trouble in [Trouble.REJECTED] * 4 + [Trouble.NONE] * 8:
        town.venues[Venue.UPBIT].troubles.append(trouble)
        open_one(town)
        run_due(town)
        town.quiesce()
        town.pass_time(1_100)
    town.premium(60)
    town.evaluate_now()
    newest = max(town.tables.trades.values(), key=lambda trade: trade.opened_at_ns)
    first = min(town.tables.trades.values(), key=lambda trade: trade.opened_at_ns)
    assert newest.quantity < first.quantity
    assert newest.loss_reserve_krw < first.loss_reserve_krw
