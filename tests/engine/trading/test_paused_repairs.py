"""A leg that stands alone while a venue pauses: repaired on the other one, or when the pause is over."""

from decimal import Decimal

import pytest

from arb.domain.errors import RateLimited
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import Purpose
from tests.domain.markets import PAIR
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import alerts, go_on, naked, orders, pay, reduce_only, trades

OTHER = {Venue.UPBIT: Venue.BINANCE, Venue.BINANCE: Venue.UPBIT}


def alone(testbed: EngineTestbed, paused: Venue, for_s: int) -> None:
    """Open a pair of which the paused venue refuses its leg."""
    client, until_ns = testbed.venues[paused], testbed.clock.now_ns() + for_s * NS_PER_S
    place = client.place

    def banned(order):
        left_ms = (until_ns - testbed.clock.now_ns()) // NS_PER_MS
        if left_ms > 0:
            raise RateLimited(paused, "418", left_ms)
        return place(order)

    client.place = banned
    testbed.premium(60)
    assert testbed.evaluate_now() == 1
    reduce_only(testbed)


@pytest.mark.parametrize("paused", list(PAIR.venues))
def test_no_repair_goes_into_a_pause_when_the_other_venue_can_do_it(paused):
    testbed = EngineTestbed()
    alone(testbed, paused, for_s=600)
    go_on(testbed, 5_000, 250, lambda: testbed.premium(60))
    assert [order.venue for order in orders(testbed, Purpose.REPAIR)] == [OTHER[paused]]
    assert not naked(testbed)


def test_a_repair_that_only_the_paused_venue_can_do_waits_for_the_end_of_the_pause_and_is_told():
    testbed = EngineTestbed()
    alone(testbed, Venue.BINANCE, for_s=300)
    while not naked(testbed):
        testbed.run_one()
    pay(testbed, Venue.UPBIT, "KRW", Decimal(0))  # nothing there to buy the coin back with
    go_on(testbed, 290_000, 1_000, lambda: testbed.premium(60))
    assert orders(testbed, Purpose.REPAIR) == []
    assert [trade.state for trade in trades(testbed)] == ["repairing"]
    assert "repair_held" in {alert.kind for alert in alerts(testbed)}
    assert testbed.counters.counts["settle_waits", "venue_paused"] > 0
    go_on(testbed, 30_000, 1_000, lambda: testbed.premium(60))
    assert not naked(testbed)
