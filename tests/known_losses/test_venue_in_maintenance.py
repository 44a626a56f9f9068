"""Exits wait for a venue that takes no orders: one that went would leave its other leg alone.

A venue in maintenance answers 5xx to orders while its market stream goes on. Exits ask how the venues did
lately, as entries do, so that no more pairs lose a leg than it takes to know that the venue is away.
"""

import pytest

from arb.domain.errors import OutcomeUnknown
from arb.domain.market.ids import Venue
from arb.domain.trading.order import Order, OrderReport
from tests.domain.markets import PAIR
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import (
    DEFAULT_STABILITY,
    TunedTestbed,
    closed_trades,
    go_on,
    naked,
    open_trades,
    quote,
    reduce_only,
    require,
    run_all,
    upbit_books,
)

PAIRS = 15
FIRST_BPS, LAST_BPS, APART_BPS = 60, 116, 4  # of the premiums at which pairs are opened
FALL_MS = 30_000  # from the last of them to even
# What it takes to know that the venue is away, a pair that was on its way then, and a try in each 10 s.
NAKED_MAX = DEFAULT_STABILITY.circuit_claims_min + 1 + FALL_MS // 10_000


def with_pairs_due_in_turn() -> EngineTestbed:
    """Return a testbed with pairs opened at wider and wider premiums, each worth closing at its own."""
    testbed = TunedTestbed(stability=DEFAULT_STABILITY)
    for premium_bps in range(FIRST_BPS, LAST_BPS + 1, APART_BPS):
        quote(testbed, upbit=upbit_books(premium_bps))
        testbed.evaluate_now()
        run_all(testbed)
        testbed.pass_time(2_000)
    require(len(open_trades(testbed)) == PAIRS, f"{len(open_trades(testbed))} pairs are open")
    reduce_only(testbed)
    testbed.pass_time(60_000)
    return testbed


def let_premium_fall(testbed: EngineTestbed) -> None:
    """Bring the premium back to even, so that one pair after the other is worth closing."""
    step_ms = 250
    premiums = iter(range(LAST_BPS * 100, 0, -LAST_BPS * 100 * step_ms // FALL_MS))
    go_on(testbed, FALL_MS, step_ms, lambda: quote(testbed, upbit=upbit_books(next(premiums, 0) // 100)))


def answer_nothing(testbed: EngineTestbed, venue: Venue) -> None:
    """Have a venue answer 5xx to every order and every question about one."""

    def lost(order: Order) -> OrderReport:
        raise OutcomeUnknown(venue, "HTTP 503")

    client = testbed.venues[venue]
    client.place, client.mute = lost, True


def test_pairs_are_closed_in_turn_while_both_venues_are_well():
    testbed = with_pairs_due_in_turn()
    let_premium_fall(testbed)
    assert len(closed_trades(testbed)) == PAIRS
    assert not naked(testbed)


@pytest.mark.parametrize("away", list(PAIR.venues))
def test_hedged_pairs_are_not_closed_with_one_leg_at_a_venue_that_takes_no_orders(away: Venue):
    testbed = with_pairs_due_in_turn()
    answer_nothing(testbed, away)
    let_premium_fall(testbed)
    alone = len(naked(testbed))
    assert alone <= NAKED_MAX
