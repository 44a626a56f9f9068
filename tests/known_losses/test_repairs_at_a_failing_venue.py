"""A repair does not go to the venue that has just failed to take the leg.

Upbit halts a coin with an error name that no table has, so that each order there is of unknown fate for
twelve seconds. Once two repairs were spent on it before the other venue evened the legs out.
"""

from decimal import Decimal

from arb.domain.errors import OutcomeUnknown
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.domain.trading.order import Order, OrderReport, Purpose
from arb.ports.trading import NeverPlaced, NotFoundYet, Resolution
from arb.venues.request import Effect, HttpResponse
from arb.venues.upbit.errors import error_of
from tests.engine.town import Town
from tests.known_losses.helpers import naked, orders, reduce_only, require, run_due

PROVEN_NS = 12 * NS_PER_S  # a request that timed out after 2 s, and 10 s in which it may still arrive
ALONE_S_MAX = 20  # until it is proven, what a sweep takes, and one repair
PATIENCE_S = 100


def halt_coin_on_upbit(town: Town) -> None:
    """Have Upbit answer every order with a refusal that may mean anything."""

    def place(order: Order) -> OrderReport:
        raise OutcomeUnknown(Venue.UPBIT, "HTTP 400 market_offline")

    def resolve(order: Order, *, may_trade: bool) -> Resolution:
        age_ns = town.clock.now_ns() - order.claimed_at_ns
        return NeverPlaced("sent again and refused") if age_ns > PROVEN_NS else NotFoundYet(500)

    town.venues[Venue.UPBIT].place, town.venues[Venue.UPBIT].resolve = place, resolve


def lose_a_leg_on_upbit() -> tuple[Town, Decimal]:
    """Open a pair whose Upbit leg fails; return the town once both legs are even, and the seconds it took."""
    town = Town()
    halt_coin_on_upbit(town)
    town.premium(60)
    require(town.evaluate_now() == 1, "a pair is being opened")
    reduce_only(town)
    began_ns = town.clock.now_ns()
    while town.clock.now_ns() - began_ns < PATIENCE_S * NS_PER_S:
        town.premium(60)
        town.sweep.run()
        town.collect()
        run_due(town)
        if not naked(town) and all(order.is_terminal for order in orders(town)):
            break
        town.pass_time(200)
    return town, Decimal(town.clock.now_ns() - began_ns) / NS_PER_S


def test_a_leg_is_not_repaired_at_the_venue_that_has_just_failed_it():
    town, _ = lose_a_leg_on_upbit()
    repaired_at = {order.venue for order in orders(town, Purpose.REPAIR)}
    assert Venue.UPBIT not in repaired_at


def test_a_leg_stands_alone_no_longer_than_it_takes_to_prove_the_other_one_lost():
    _, alone_s = lose_a_leg_on_upbit()
    assert alone_s <= ALONE_S_MAX


def test_a_refusal_that_no_table_names_is_not_taken_for_proof():
    response = HttpResponse(
        status=400, headers={}, body=b'{"error": {"name": "a_name_of_tomorrow", "message": ""}}'
    )
    assert isinstance(error_of(response, Effect.PLACE), OutcomeUnknown)
