"""A leg that stands alone while a venue pauses: evened out on the other one, or when the pause is over."""

from decimal import Decimal

import pytest

from arb.domain.errors import RateLimited
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import Purpose
from tests.domain.markets import PAIR
from tests.engine.town import Town
from tests.known_losses.helpers import alerts, go_on, naked, orders, pay, reduce_only, trades

OTHER = {Venue.UPBIT: Venue.BINANCE, Venue.BINANCE: Venue.UPBIT}


def alone(town: Town, paused: Venue, for_s: int) -> None:
    """Open a pair of which the paused venue refuses its leg."""
    client, until_ns = town.venues[paused], town.clock.now_ns() + for_s * NS_PER_S
    place = client.place

    def banned(order):
        left_ms = (until_ns - town.clock.now_ns()) // NS_PER_MS
        if left_ms > 0:
            raise RateLimited(paused, "418", left_ms)
        return place(order)

    client.place = banned
    town.premium(60)
    assert town.evaluate_now() == 1
    reduce_only(town)


@pytest.mark.parametrize("paused", list(PAIR.venues))
def test_no_repair_goes_into_a_pause_when_the_other_venue_can_do_it(paused):
    town = Town()
    alone(town, paused, for_s=600)
    go_on(town, 5_000, 250, lambda: town.premium(60))
    assert [order.venue for order in orders(town, Purpose.REPAIR)] == [OTHER[paused]]
    assert not naked(town)


def test_a_repair_that_only_the_paused_venue_can_do_waits_for_the_end_of_the_pause_and_is_told():
    town = Town()
    alone(town, Venue.BINANCE, for_s=300)
    while not naked(town):
        town.run_one()
    pay(town, Venue.UPBIT, "KRW", Decimal(0))  # nothing there to buy the coin back with
    go_on(town, 290_000, 1_000, lambda: town.premium(60))
    assert orders(town, Purpose.REPAIR) == []
    assert [trade.state for trade in trades(town)] == ["repairing"]
    assert "repair_held" in {alert.kind for alert in alerts(town)}
    assert town.counters.counts["settle_waits", "venue_paused"] > 0
    go_on(town, 30_000, 1_000, lambda: town.premium(60))
    assert not naked(town)
