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
from tests.engine.town import BTC, LIMITS, Town

LEAST_BPS = LIMITS.entry_edge_bps_min


@pytest.fixture
def town() -> Town:
    town = Town()
    ahead_ns = -town.clock.now_ns() % NS_PER_MINUTE
    town.pass_time(ahead_ns // 1_000_000)
    return town


@pytest.fixture
def store() -> MemoryPremiums:
    return MemoryPremiums()


def recorder(town: Town, store: MemoryPremiums, rows_per_day_max: int = 1_000) -> RecordPremiums:
    return RecordPremiums(
        coins=(BTC,),
        markets=town.evaluate.markets,
        store=store,
        edges=lambda market: edges_at(market, Decimal(1_000)),
        is_stale=lambda market, now_ns: stale(market, LIMITS, now_ns) is not None,
        mark_bps=LEAST_BPS,
        counters=town.counters,
        clock=town.clock,
        rules=RecordRules(near_bps=Decimal(10), rows_per_day_max=rows_per_day_max),
    )


def work(town: Town, record: RecordPremiums, seconds: int, premium_bps: int) -> None:
    for _ in range(seconds):
        town.premium(premium_bps)
        record.run()
        town.pass_time(1_000)


def moments(store: MemoryPremiums) -> list[int]:
    return [row.at_ns for row in store.read(PAIR, ALWAYS)]


def test_coin_that_is_far_is_kept_each_minute(town, store):
    began_ns = town.clock.now_ns()
    work(town, recorder(town, store), 150, 0)
    assert moments(store) == [began_ns, began_ns + NS_PER_MINUTE, began_ns + 2 * NS_PER_MINUTE]


def test_coin_near_its_mark_is_kept_each_second_from_its_next_look_on(town, store):
    record = recorder(town, store)
    work(town, record, 25, 0)
    work(town, record, 30, 30)  # 15 after fees, where 15 less 10 is near
    began_ns = min(moments(store))
    seconds = [(at_ns - began_ns) // NS_PER_S for at_ns in moments(store)]
    assert seconds == [0, *range(30, 55)]
    work(town, record, 60, 0)
    seconds = [(at_ns - began_ns) // NS_PER_S for at_ns in moments(store)]
    assert seconds == [0, *range(30, 55), 60]


def test_row_says_prices_rate_premium_and_both_edges(town, store):
    work(town, recorder(town, store), 1, 40)
    (row,) = store.read(PAIR, ALWAYS)
    market = town.evaluate.markets.read([BTC], town.clock.now_ns())[BTC]
    assert (row.first_bid, row.first_ask) == (market.book(Venue.UPBIT).bid, market.book(Venue.UPBIT).ask)
    assert (row.rate_bid, row.rate_ask) == (market.rate.bid, market.rate.ask)
    assert abs(row.premium_bps - market.premium_bps) < Decimal("0.001")
    edges = {each.direction.sell_on: each.net_bps for each in edges_at(market, Decimal(1_000))}
    assert abs(row.selling_bps - edges[Venue.UPBIT]) < Decimal("0.001")
    assert abs(row.buying_bps - edges[Venue.BINANCE]) < Decimal("0.001")


def test_what_is_stale_is_a_hole(town, store):
    record = recorder(town, store)
    work(town, record, 61, 0)
    for _ in range(120):  # the feed is away
        record.run()
        town.pass_time(1_000)
    work(town, record, 60, 0)
    assert len(moments(store)) == 3
    assert max(b - a for a, b in zip(moments(store), moments(store)[1:], strict=False)) > 2 * NS_PER_MINUTE


def test_full_day_keeps_no_more_and_the_next_one_does(town, store):
    record = recorder(town, store, rows_per_day_max=20)
    work(town, record, 120, 60)
    assert len(moments(store)) == 20
    assert town.counters.counts["recorded", "day_full"] == 100
    town.pass_time(86_400_000)
    work(town, record, 5, 60)
    assert len(moments(store)) == 25


def test_process_that_starts_again_goes_on_with_what_the_day_has(town, store):
    work(town, recorder(town, store, rows_per_day_max=20), 15, 60)
    work(town, recorder(town, store, rows_per_day_max=20), 15, 60)
    assert len(moments(store)) == 20


def test_store_that_is_away_is_a_hole_and_the_minute_is_tried_again(town, store):
    class Away(MemoryPremiums):
        def add(self, pair, rows):
            raise StoreUnavailable("away")

    record, there = recorder(town, Away()), recorder(town, store)
    town.premium(0)
    with pytest.raises(StoreUnavailable):
        record.run()
    town.pass_time(1_000)
    town.premium(0)
    record.store = store
    assert record.run() == 1
    assert there.run() == 1  # and another process of the same minute changes nothing
    assert len(moments(store)) == 1


def test_clock_that_is_set_back_stops_nothing(town, store):
    record = recorder(town, store)
    work(town, record, 61, 0)
    town.clock.advance_ns(-30 * NS_PER_S)
    town.premium(0)
    record.run()
    work(town, record, 60, 0)
    assert len(moments(store)) >= 2
