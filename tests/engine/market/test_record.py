"""Recording: each minute of every coin, each second of near ones, nothing stale, no more than is wanted."""

from decimal import Decimal

import pytest

from arb.adapters.memory.premiums import MemoryPremiums
from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.risk.sanity import stale
from arb.domain.time import ALWAYS, NS_PER_MINUTE, NS_PER_S
from arb.engine.market.record import RecordPremiums, RecordRules
from arb.engine.trading.proposals import edges_at
from tests.domain.markets import PAIR
from tests.engine.testbed import BTC, LIMITS, EngineTestbed

LEAST_BPS = LIMITS.entry_edge_bps_min


@pytest.fixture
def testbed() -> EngineTestbed:
    testbed = EngineTestbed()
    ahead_ns = -testbed.clock.now_ns() % NS_PER_MINUTE
    testbed.pass_time(ahead_ns // 1_000_000)
    return testbed


@pytest.fixture
def store() -> MemoryPremiums:
    return MemoryPremiums()


def recorder(testbed: EngineTestbed, store: MemoryPremiums, rows_per_day_max: int = 1_000) -> RecordPremiums:
    return RecordPremiums(
        coins=(BTC,),
        markets=testbed.evaluate.markets,
        store=store,
        edges=lambda market: edges_at(market, Decimal(1_000)),
        is_stale=lambda market, now_ns: stale(market, LIMITS, now_ns) is not None,
        mark_bps=LEAST_BPS,
        counters=testbed.counters,
        clock=testbed.clock,
        rules=RecordRules(near_bps=Decimal(10), rows_per_day_max=rows_per_day_max),
    )


def work(testbed: EngineTestbed, record: RecordPremiums, seconds: int, premium_bps: int) -> None:
    for _ in range(seconds):
        testbed.premium(premium_bps)
        record.run()
        testbed.pass_time(1_000)


def moments(store: MemoryPremiums) -> list[int]:
    return [row.at_ns for row in store.read(PAIR, ALWAYS)]


def test_coin_that_is_far_is_kept_each_minute(testbed, store):
    began_ns = testbed.clock.now_ns()
    work(testbed, recorder(testbed, store), 150, 0)
    assert moments(store) == [began_ns, began_ns + NS_PER_MINUTE, began_ns + 2 * NS_PER_MINUTE]


def test_coin_near_its_mark_is_kept_each_second_from_its_next_look_on(testbed, store):
    record = recorder(testbed, store)
    work(testbed, record, 25, 0)
    work(testbed, record, 30, 30)  # 15 after fees, where 15 less 10 is near
    began_ns = min(moments(store))
    seconds = [(at_ns - began_ns) // NS_PER_S for at_ns in moments(store)]
    assert seconds == [0, *range(30, 55)]
    work(testbed, record, 60, 0)
    seconds = [(at_ns - began_ns) // NS_PER_S for at_ns in moments(store)]
    assert seconds == [0, *range(30, 55), 60]


def test_row_says_prices_rate_premium_and_both_edges(testbed, store):
    work(testbed, recorder(testbed, store), 1, 40)
    (row,) = store.read(PAIR, ALWAYS)
    market = testbed.evaluate.markets.read([BTC], testbed.clock.now_ns())[BTC]
    assert (row.first_bid, row.first_ask) == (market.book(Venue.UPBIT).bid, market.book(Venue.UPBIT).ask)
    assert (row.rate_bid, row.rate_ask) == (market.rate.bid, market.rate.ask)
    assert abs(row.premium_bps - market.premium_bps) < Decimal("0.001")
    edges = {each.direction.sell_on: each.net_bps for each in edges_at(market, Decimal(1_000))}
    assert abs(row.selling_bps - edges[Venue.UPBIT]) < Decimal("0.001")
    assert abs(row.buying_bps - edges[Venue.BINANCE]) < Decimal("0.001")


def test_what_is_stale_is_a_hole(testbed, store):
    record = recorder(testbed, store)
    work(testbed, record, 61, 0)
    for _ in range(120):  # the feed is away
        record.run()
        testbed.pass_time(1_000)
    work(testbed, record, 60, 0)
    assert len(moments(store)) == 3
    assert max(b - a for a, b in zip(moments(store), moments(store)[1:], strict=False)) > 2 * NS_PER_MINUTE


def test_full_day_keeps_no_more_and_the_next_one_does(testbed, store):
    record = recorder(testbed, store, rows_per_day_max=20)
    work(testbed, record, 120, 60)
    assert len(moments(store)) == 20
    assert testbed.counters.counts["recorded", "day_full"] == 100
    testbed.pass_time(86_400_000)
    work(testbed, record, 5, 60)
    assert len(moments(store)) == 25


def test_process_that_starts_again_goes_on_with_what_the_day_has(testbed, store):
    work(testbed, recorder(testbed, store, rows_per_day_max=20), 15, 60)
    work(testbed, recorder(testbed, store, rows_per_day_max=20), 15, 60)
    assert len(moments(store)) == 20


def test_store_that_is_away_is_a_hole_and_the_minute_is_tried_again(testbed, store):
    class Away(MemoryPremiums):
        def add(self, pair, rows):
            raise StoreUnavailable("away")

    record, there = recorder(testbed, Away()), recorder(testbed, store)
    testbed.premium(0)
    with pytest.raises(StoreUnavailable):
        record.run()
    testbed.pass_time(1_000)
    testbed.premium(0)
    record.store = store
    assert record.run() == 1
    assert there.run() == 1  # and another process of the same minute changes nothing
    assert len(moments(store)) == 1


def test_clock_that_is_set_back_stops_nothing(testbed, store):
    record = recorder(testbed, store)
    work(testbed, record, 61, 0)
    testbed.clock.advance_ns(-30 * NS_PER_S)
    testbed.premium(0)
    record.run()
    work(testbed, record, 60, 0)
    assert len(moments(store)) >= 2
