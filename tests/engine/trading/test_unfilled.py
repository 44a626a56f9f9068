"""Entries that leave a leg unfilled rest, are told and tried again small, whatever dies meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from arb.adapters.memory.venue_health import MemoryVenueHealth
from arb.domain.errors import AgainstRules
from arb.domain.health.alert import AlertKind, Severity
from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.risk.review import TRIAL_UNDER_WAY
from arb.domain.risk.stability import VenueRecord
from arb.domain.trading.order import Order, OrderReport, Purpose
from arb.domain.trading.trade import TradeState
from tests.engine.testbed import SESSION, UNFILLED, EngineTestbed

STEP_MS = 500
SMALL = Decimal("0.0002")  # base; the full size is 0.0099


class Healthy(MemoryVenueHealth):
    """Knows of entries alone: no venue seems unstable."""

    def records(self, *_: object) -> dict[Venue, VenueRecord]:
        return {}


class Refusing(EngineTestbed):
    """A testbed whose Binance refuses to buy the coin while `refuses` says so."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.health = Healthy(self.tables)
        self._wire_engine()
        self.refuses: Any = lambda order: True
        client = self.venues[Venue.BINANCE]
        place = client.place

        def refuse(order: Order) -> OrderReport:
            if order.side is Side.BUY and self.refuses(order):
                raise AgainstRules(Venue.BINANCE, "-1013 Filter failure: MAX_POSITION", "-1013")
            return place(order)

        client.place = refuse


@pytest.fixture
def testbed() -> Refusing:
    return Refusing()


def work(testbed: EngineTestbed, seconds: int, premium_bps: int = 60) -> None:
    for _ in range(seconds * 1_000 // STEP_MS):
        testbed.premium(premium_bps)
        testbed.evaluate_now()
        testbed.sweep.run()
        testbed.collect()
        for _ in range(len(testbed.pending)):
            if testbed.pending[0][0] <= testbed.clock.now_ns():
                testbed.run_one()
            else:
                testbed.pending.append(testbed.pending.pop(0))
        testbed.pass_time(STEP_MS)


def entries(testbed: EngineTestbed) -> list[Order]:
    """Return what was to be bought to open a pair, by age."""
    orders = [row.order for row in testbed.tables.orders.values() if row.order.purpose is Purpose.ENTRY]
    return sorted((o for o in orders if o.venue is Venue.BINANCE), key=lambda order: order.created_at_ns)


def told(testbed: EngineTestbed) -> list[tuple[Severity, int]]:
    found = [alert for _, alert in testbed.tables.alerts if alert.kind == AlertKind.ENTRIES_UNFILLED]
    return [(alert.severity, alert.grade) for alert in found]


def test_what_stays_unfilled_rests_and_is_counted(testbed):
    work(testbed, 30)
    opened = len(entries(testbed))
    assert UNFILLED.entries_min <= opened <= 2 * UNFILLED.entries_min
    work(testbed, 25)
    assert len(entries(testbed)) == opened
    assert testbed.counters.counts["refused_looks", "unfilled_binance_buy"] > 50
    assert testbed.counters.counts["refused", "unfilled_binance_buy"] < 10  # chances


def test_it_is_tried_again_small_and_later_each_time(testbed):
    work(testbed, 600)
    trials = [order for order in entries(testbed) if order.quantity <= SMALL]
    assert len(trials) == 3
    waits_s = [(b.created_at_ns - a.created_at_ns) // 10**9 for a, b in pairwise(trials)]
    assert 115 <= waits_s[0] <= 130 and 235 <= waits_s[1] <= 250


def test_it_is_told_once_and_again_when_it_gets_worse(testbed):
    work(testbed, 600)
    assert told(testbed) == [(Severity.WARNING, level) for level in (1, 2, 3, 4)]


def test_a_small_pair_with_both_legs_filled_ends_it(testbed):
    work(testbed, 30)
    testbed.refuses = lambda order: False
    work(testbed, 60)
    newest = entries(testbed)[-1]
    assert newest.quantity > SMALL
    assert told(testbed)[-1] == (Severity.INFO, 0)


def test_only_one_small_pair_is_under_way_at_a_time(testbed):
    work(testbed, 30)
    opened = len(entries(testbed))
    testbed.pass_time(60_000)
    for _ in range(3):
        testbed.premium(60)
        testbed.evaluate_now()
        testbed.pass_time(100)
    assert len(entries(testbed)) == opened + 1


def test_two_processes_do_not_try_at_the_same_moment(testbed):
    work(testbed, 30)
    opened = len(entries(testbed))
    testbed.pass_time(60_000)
    testbed.premium(60)
    first, known = testbed.evaluate, [testbed.unfilled]
    testbed._wire_engine()
    second, known = testbed.evaluate, [*known, testbed.unfilled]
    for each in known:  # both have read what there is, and neither knows of the other's pair
        each.standing("BTC", next(iter(testbed.tables.trades.values())).direction)
    first.run()
    testbed.quotes.put([], ["BTC"])
    second.run()
    assert len(entries(testbed)) == opened + 1
    assert testbed.counters.counts["refused", TRIAL_UNDER_WAY] >= 1


def test_the_rest_outlives_every_process(testbed):
    work(testbed, 30)
    opened = len(entries(testbed))
    testbed._wire_engine()
    work(testbed, 20)
    assert len(entries(testbed)) == opened


def test_what_fills_small_and_not_large_is_tried_large_seldom(testbed):
    testbed.refuses = lambda order: order.quantity > SMALL
    work(testbed, 600)
    large = [order for order in entries(testbed) if order.quantity > SMALL]
    assert len(large) <= UNFILLED.entries_min + 10


def test_entries_that_go_well_are_told_to_nobody(testbed):
    testbed.refuses = lambda order: False
    work(testbed, 10)
    assert entries(testbed) and not told(testbed)


def test_exits_are_not_held_back(testbed):
    testbed.refuses = lambda order: False
    work(testbed, 5)
    held = [trade for trade in testbed.tables.trades.values() if trade.state is TradeState.OPEN]
    assert held
    testbed.refuses = lambda order: order.purpose is Purpose.ENTRY
    work(testbed, 40)
    testbed.refuses = lambda order: False
    for _ in range(20):
        work(testbed, 1, premium_bps=0)
    assert all(testbed.tables.trades[trade.trade_id].state is TradeState.CLOSED for trade in held)


def test_a_clock_that_is_set_back_does_not_forget_it(testbed):
    work(testbed, 30)
    opened = len(entries(testbed))
    testbed.clock.advance_ms(-5_000)
    testbed.unfilled.standing("BTC", next(iter(testbed.tables.trades.values())).direction)
    testbed.clock.advance_ms(5_000)
    work(testbed, 10)
    assert len(entries(testbed)) == opened


def test_what_is_older_than_the_horizon_is_not_read(testbed):
    work(testbed, 30)
    since_ns = testbed.clock.now_ns()
    assert testbed.health.entries(SESSION, since_ns, 0) == ()


def test_threads_that_read_at_once_count_no_entry_twice(testbed):
    work(testbed, 1)
    direction = next(iter(testbed.tables.trades.values())).direction
    work(testbed, 29)
    expected = testbed.unfilled.standing("BTC", direction).of_coin
    testbed._wire_engine()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: testbed.unfilled.standing("BTC", direction).of_coin, range(64)))
    assert found == [expected] * 64


def test_what_is_committed_long_after_it_was_written_is_found_soon(testbed):
    """Each look reads the last moment again, and every few seconds as much as a transaction may take."""
    work(testbed, 10)
    direction = next(iter(testbed.tables.trades.values())).direction
    hidden, entries_of = list(testbed.unfilled._pairs.values()), testbed.health.entries
    testbed._wire_engine()
    testbed.unfilled.store = SimpleNamespace(
        entries=lambda *given: [each for each in entries_of(*given) if each not in hidden]
    )
    assert testbed.unfilled.standing("BTC", direction).of_coin.entries == 0
    testbed.pass_time(10_000)
    hidden.clear()
    for _ in range(5):
        testbed.pass_time(1_000)
        standing = testbed.unfilled.standing("BTC", direction)
    assert standing.of_coin.entries > 0


def test_little_is_read_again_at_most_looks(testbed):
    work(testbed, 10)
    direction = next(iter(testbed.tables.trades.values())).direction
    read_ms, entries_of = [], testbed.health.entries

    def entries(session_id, opened_after_ns, changed_after_ns):
        read_ms.append((testbed.clock.now_ns() - changed_after_ns) // 1_000_000)
        return entries_of(session_id, opened_after_ns, changed_after_ns)

    testbed.unfilled.store = SimpleNamespace(entries=entries)
    for _ in range(10):
        testbed.pass_time(1_000)
        testbed.unfilled.standing("BTC", direction)
    far = [each for each in read_ms if each > 30_000]
    assert read_ms.count(3_000) == len(read_ms) - len(far)
    assert len(far) == 2
