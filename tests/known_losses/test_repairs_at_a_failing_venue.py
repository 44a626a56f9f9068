"""A repair does not go to the venue that has just failed to take the leg.

Upbit halts a coin with an error name that no table has, so that each order there is of unknown fate for
twelve seconds. Once two repairs were spent on it before a repair at the other venue.
"""

from decimal import Decimal

from arb.domain.errors import OutcomeUnknown
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import Order, OrderReport, Purpose
from arb.ports.trading import NeverPlaced, NotFoundYet, Resolution
from arb.venues.request import Effect, HttpResponse
from arb.venues.upbit.errors import error_of
from tests.engine.testbed import EngineTestbed
from tests.known_losses.helpers import naked, orders, reduce_only, require, run_due

PROVEN_NS = 12 * NS_PER_S  # a request that timed out after 2 s, and 10 s in which it may still arrive
ALONE_S_MAX = 20  # until it is proven, what a sweep takes, and one repair
PATIENCE_S = 100


def halt_coin_on_upbit(testbed: EngineTestbed) -> None:
    """Have Upbit answer every order with a refusal that may mean anything."""

    def place(order: Order) -> OrderReport:
        raise OutcomeUnknown(Venue.UPBIT, "HTTP 400 market_offline")

    def resolve(order: Order, *, may_trade: bool) -> Resolution:
        age_ns = testbed.clock.now_ns() - order.claimed_at_ns
        return NeverPlaced("sent again and refused") if age_ns > PROVEN_NS else NotFoundYet(500)

    testbed.venues[Venue.UPBIT].place, testbed.venues[Venue.UPBIT].resolve = place, resolve


def lose_a_leg_on_upbit() -> tuple[EngineTestbed, Decimal]:
    """Open a pair whose Upbit leg fails; return the testbed once both are even, and the seconds it took."""
    testbed = EngineTestbed()
    halt_coin_on_upbit(testbed)
    testbed.premium(60)
    require(testbed.evaluate_now() == 1, "a pair is being opened")
    reduce_only(testbed)
    began_ns = testbed.clock.now_ns()
    while testbed.clock.now_ns() - began_ns < PATIENCE_S * NS_PER_S:
        testbed.premium(60)
        testbed.sweep.run()
        testbed.collect()
        run_due(testbed)
        if not naked(testbed) and all(order.is_terminal for order in orders(testbed)):
            break
        testbed.pass_time(200)
    return testbed, Decimal(testbed.clock.now_ns() - began_ns) / NS_PER_S


def test_a_leg_is_not_repaired_at_the_venue_that_has_just_failed_it():
    testbed, _ = lose_a_leg_on_upbit()
    repaired_at = {order.venue for order in orders(testbed, Purpose.REPAIR)}
    assert Venue.UPBIT not in repaired_at


def test_a_leg_stands_alone_no_longer_than_it_takes_to_prove_the_other_one_lost():
    _, alone_s = lose_a_leg_on_upbit()
    assert alone_s <= ALONE_S_MAX


def test_a_refusal_that_no_table_names_is_not_taken_for_proof():
    response = HttpResponse(
        status=400, headers={}, body=b'{"error": {"name": "a_name_of_tomorrow", "message": ""}}'
    )
    assert isinstance(error_of(response, Effect.PLACE), OutcomeUnknown)
