"""A clock that was set back by a minute: what lies ahead of it is not young, and nothing waits for it."""

from decimal import Decimal

import pytest

from arb.domain.health import revival
from arb.domain.health.degradation import Degradation, Degree, step
from arb.domain.health.judge import HealthLevel
from arb.domain.market.ids import Venue
from arb.domain.market.spread import Rate
from arb.domain.risk.review import Denied
from arb.domain.risk.sanity import rate_doubt, stale
from arb.domain.risk.stability import VenueRecord, obstacle
from arb.domain.time import NS_PER_S, STAMP_AHEAD_NS_MAX
from arb.domain.trading.exits import Exits, is_resting
from arb.domain.trading.settlement import Repair
from tests.contracts import world
from tests.domain.health import test_degradation, test_revival
from tests.domain.health.test_judge import sweep
from tests.domain.markets import NOW_NS, PAIR, market, with_book
from tests.domain.risk import test_stability
from tests.domain.trading.test_settlement import LATE, pair, repaired, settled

STEP_NS = 60_000_000_000


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_book_ahead_of_now_is_refused_beyond_what_clocks_differ_by(venue):
    found = with_book(market(), venue, ts_recv_ns=NOW_NS + STAMP_AHEAD_NS_MAX)
    assert stale(found, world.LIMITS, NOW_NS) is None
    assert stale(found, world.LIMITS, NOW_NS - 1) == Denied("quote_ahead")


def test_so_is_a_rate():
    rate = Rate(krw_per_usdt=Decimal(1400), ts_recv_ns=NOW_NS + STAMP_AHEAD_NS_MAX + 1)
    assert rate_doubt(rate, world.LIMITS, NOW_NS) == "rate_ahead"


def test_a_repair_does_not_rest_until_the_clock_is_there_again():
    orders = pair("0.01", "0")
    failed = (*orders, repaired(settled(orders).leg, 2))
    assert isinstance(settled(failed, trade=LATE, now_ns=NOW_NS - STEP_NS), Repair)


def test_neither_does_an_exit():
    exits = Exits(lone=3, lone_at_ns=NOW_NS, newest=Decimal(0))
    assert is_resting(exits, NOW_NS + NS_PER_S)
    assert not is_resting(exits, NOW_NS - STEP_NS)


def test_errors_go_on_being_counted():
    known = dict(sweep(9_000, {}, 100).healths)
    again = sweep(9_000, known, 40)
    assert sweep(9_000, dict(again.healths), 70).level is HealthLevel.CRITICAL


def test_a_calm_that_began_before_is_as_long_as_any():
    calm = Degradation(degree=Degree.LEAN, calm_since_ns=100 * NS_PER_S)
    rules, load = test_degradation.RULES, test_degradation.load(10)
    begun = step(calm, rules, load, 40 * NS_PER_S)
    assert begun.degree is Degree.LEAN
    assert step(begun, rules, load, 70 * NS_PER_S).degree is Degree.FULL


def test_a_venue_whose_orders_failed_before_is_tried_again():
    record = VenueRecord(claims=4, troubles=4, last_trouble_ns=NOW_NS)
    assert obstacle(Venue.UPBIT, record, test_stability.RULES, NOW_NS) is not None
    assert obstacle(Venue.UPBIT, record, test_stability.RULES, NOW_NS - STEP_NS) is None


@pytest.mark.parametrize("amiss", [test_revival.frozen, test_revival.deaf])
def test_a_worker_that_stopped_before_is_restarted(amiss):
    """Its last signs lie ahead of us; it was restarted once before, which does too."""
    memory = revival.Memory(revived_ns={"worker-orders": (test_revival.NOW - NS_PER_S,)})
    _, found = test_revival.watched(range(-60, 20, 5), lambda now_ns: amiss(now_ns + STEP_NS), memory=memory)
    assert [permitted for _, _, permitted in found] == [True]
