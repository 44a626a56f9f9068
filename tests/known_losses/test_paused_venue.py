"""Exits wait for the end of a pause that a venue asked for.

A venue that answers 418 says for how long it takes no orders. An exit that went all the same would fill its
leg on the other venue, and a repair would pay to undo it, again and again until the pause is over.
"""

from dataclasses import dataclass, field

import pytest

from arb.domain.errors import RateLimited
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.domain.trading.order import Order, OrderReport, Purpose
from tests.domain.markets import PAIR
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import go_on, open_pairs, open_trades, orders, require

KNOWN_NS = 2 * NS_PER_S  # after the venue has said it, every process knows


@dataclass(frozen=True)
class Ban:
    """A pause that a venue insists on."""

    until_ns: int
    refused_at_ns: list[int] = field(default_factory=list)

    def decided_against_it(self, testbed: EngineTestbed) -> list[str]:
        """Return the exits that were decided although the venue had said that it pauses."""
        if not self.refused_at_ns:
            return []
        known_ns = self.refused_at_ns[0] + KNOWN_NS
        found = [order for order in orders(testbed, Purpose.EXIT) if order.created_at_ns > known_ns]
        return [order.client_order_id for order in found]


def ban(testbed: EngineTestbed, venue: Venue, for_s: int) -> Ban:
    """Have a venue refuse every order for so long, and say how long that still is."""
    made = Ban(testbed.clock.now_ns() + for_s * NS_PER_S)
    client = testbed.venues[venue]
    place = client.place

    def banned(order: Order) -> OrderReport:
        left_ms = (made.until_ns - testbed.clock.now_ns()) // NS_PER_MS
        if left_ms > 0:
            made.refused_at_ns.append(testbed.clock.now_ns())
            raise RateLimited(venue, "418", left_ms)
        return place(order)

    client.place = banned
    return made


@pytest.mark.parametrize("paused", list(PAIR.venues))
def test_no_exit_is_decided_while_a_venue_is_known_to_pause(paused: Venue):
    testbed = EngineTestbed()
    open_pairs(testbed, 60, count=15, at_least=3)
    pause = ban(testbed, paused, for_s=120)
    go_on(testbed, for_ms=115_000, step_ms=500, quoting=lambda: testbed.premium(0))
    assert pause.decided_against_it(testbed) == []


@pytest.mark.parametrize("pairs", [1, 5])
def test_a_ban_of_ten_minutes_costs_no_pair_more_than_one_lone_exit(pairs: int):
    testbed = EngineTestbed()
    open_pairs(testbed, 60, count=pairs, at_least=1)
    opened = len(open_trades(testbed))
    ban(testbed, Venue.BINANCE, for_s=600)
    go_on(testbed, for_ms=590_000, step_ms=500, quoting=lambda: testbed.premium(0))
    tried = len([order for order in orders(testbed, Purpose.EXIT) if order.venue is Venue.UPBIT])
    assert tried <= opened


def test_pairs_are_closed_once_the_pause_is_over():
    testbed = EngineTestbed()
    open_pairs(testbed, 60, count=3, at_least=1)
    pause = ban(testbed, Venue.BINANCE, for_s=10)
    go_on(testbed, for_ms=90_000, step_ms=500, quoting=lambda: testbed.premium(0))
    require(testbed.clock.now_ns() > pause.until_ns, "the pause is over")
    assert not open_trades(testbed)
