"""What stops or shrinks a new pair: the rate, the market, the venues' behaviour."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.memory.venue import Trouble
from arb.domain.market.ids import Venue
from arb.domain.market.spread import Rate
from arb.domain.risk.review import Denied
from arb.domain.risk.stability import VenueRecord
from arb.domain.time import NS_PER_MS
from arb.engine.trading.guard import EntryGuard, RateWatch
from tests.domain import markets
from tests.engine.testbed import LIMITS, SESSION, STABILITY, EngineTestbed, open_one, run_due


@pytest.fixture
def testbed() -> EngineTestbed:
    return EngineTestbed()


def test_a_rate_that_jumps_stops_entries(testbed):
    testbed.premium(0)
    testbed.evaluate_now()
    for _ in range(40):  # until the leap has lasted
        testbed.pass_time(500)
        testbed.premium(60)
        testbed.quotes.put([testbed.book(Venue.UPBIT, "USDT/KRW", "1510", "1512", "100000")], [])
        assert testbed.evaluate_now() == 0
    assert testbed.counters.counts["refused_looks", "rate_absurd"] > 1
    assert testbed.counters.counts["refused", "rate_absurd"] == 1  # chance, looked at again and again


def test_a_venue_that_asks_for_a_pause_gets_no_entries_until_then(testbed):
    testbed.health.pause(SESSION, Venue.BINANCE, testbed.clock.now_ns() + 5_000 * NS_PER_MS, "418")
    testbed.premium(60)
    assert testbed.evaluate_now() == 0
    assert testbed.counters.counts["refused", "venue_paused_binance"] == 1
    testbed.pass_time(5_001)
    open_one(testbed)


def test_troubles_shrink_the_next_trade(testbed):
    for trouble in [Trouble.REJECTED] * 4 + [Trouble.NONE] * 8:
        testbed.venues[Venue.UPBIT].troubles.append(trouble)
        open_one(testbed)
        run_due(testbed)
        testbed.quiesce()
        testbed.pass_time(1_100)
    testbed.premium(60)
    testbed.evaluate_now()
    newest = max(testbed.tables.trades.values(), key=lambda trade: trade.opened_at_ns)
    first = min(testbed.tables.trades.values(), key=lambda trade: trade.opened_at_ns)
    assert newest.quantity < first.quantity
    assert newest.loss_reserve_krw < first.loss_reserve_krw


# the guard by itself


NOW_NS = markets.NOW_NS


def rate(krw: str, after_ms: int = 0) -> Rate:
    return Rate(krw_per_usdt=Decimal(krw), ts_recv_ns=NOW_NS + after_ms * NS_PER_MS)


def moves(*rates: Rate) -> list[Decimal]:
    watch = RateWatch()
    return [watch.moved_bps(each) for each in rates]


class Found:
    """Records of the venues that a test says."""

    def __init__(self, **records: VenueRecord) -> None:
        self._records = {Venue(venue): record for venue, record in records.items()}

    def records(self):
        return self._records


def guard(**records: VenueRecord) -> EntryGuard:
    return EntryGuard(limits=LIMITS, rules=STABILITY, stability=Found(**records), rates=RateWatch())


def test_the_first_rate_moved_nowhere():
    assert moves(rate("1400")) == [0]


def test_a_rate_moved_by_its_distance_from_what_was_seen_either_way():
    assert moves(rate("1400"), rate("1414", 1_000), rate("1400", 2_000))[1] == 100
    assert moves(rate("1400"), rate("1386", 1_000))[1] == 100


def test_the_furthest_of_the_last_minute_counts_and_not_the_last():
    assert moves(rate("1400"), rate("1407", 20_000), rate("1414", 40_000))[2] == 100


@pytest.mark.parametrize(("after_ms", "moved"), [(60_000, 100), (60_001, 0)])
def test_what_was_seen_more_than_a_minute_ago_is_forgotten(after_ms, moved):
    assert moves(rate("1400"), rate("1414", after_ms))[1] == moved


def test_a_rate_right_after_another_is_compared_and_not_kept():
    first, second, third = moves(rate("1400"), rate("1414", 499), rate("1414", 60_400))
    assert (first, second, third) == (0, 100, 0)


def test_a_clock_set_back_forgets_what_lies_ahead():
    assert moves(rate("1400", 60_000), rate("1500"), rate("1500", 1_000)) == [0, 0, 0]


def test_venues_without_a_record_get_the_full_size():
    assert guard().share(markets.market(), NOW_NS) == 1


def test_the_worse_venue_bounds_the_size():
    found = guard(upbit=VenueRecord(claims=10, troubles=2), binance=VenueRecord(claims=10, troubles=4)).share(
        markets.market(), NOW_NS
    )
    assert found == Decimal("0.6")


@pytest.mark.parametrize("venue", ["upbit", "binance"])
def test_either_venue_stops_entries(venue):
    troubled = guard(**{venue: VenueRecord(claims=20, troubles=15)})
    assert troubled.share(markets.market(), NOW_NS) == Denied(f"venue_unstable_{venue}")


def test_a_market_that_is_unfit_is_refused_for_that():
    warned = markets.market(upbit=replace(markets.UPBIT, warning="WARNING"))
    assert guard().share(warned, NOW_NS) == Denied("market_warning_upbit")


def test_an_absurd_rate_stops_entries_until_it_is_believed_again():
    made = guard()
    made.watch(rate("1400"))
    made.watch(rate("1480", 1_000))  # 571 bps, beyond 500
    assert made.share(markets.market(), NOW_NS) == Denied("rate_absurd")
    made.watch(rate("1400", 2_000))
    assert made.share(markets.market(), NOW_NS) == Denied("rate_absurd"), "the jump is a move of the minute"
    made.watch(rate("1400", 62_000))
    assert made.share(markets.market(), NOW_NS) == 1


def test_a_rate_that_moved_exactly_as_far_as_allowed_stops_nothing():
    made = guard()
    made.watch(rate("1400"))
    made.watch(rate("1470", 1_000))
    assert made.share(markets.market(), NOW_NS) == 1
