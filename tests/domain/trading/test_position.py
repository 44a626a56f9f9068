"""What a trade holds and earned."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.trading.order import OrderState
from arb.domain.trading.position import is_dust, leg_position, trade_position
from tests.contracts import world
from tests.domain.markets import BINANCE, PAIR


def filled(order, quantity=None, **changes):
    fill = replace(world.fill(order, quantity), **changes)
    return replace(order, state=OrderState.FILLED, fills=(fill,))


def test_an_opened_pair_is_hedged_before_fees():
    """Sell 0.01 on Upbit at 140 M, buy 0.01 on Binance at 100,000."""
    position = trade_position(filled(order) for order in world.opening("s").orders)
    assert position.imbalance == 0
    assert position.hedged == Decimal("0.01")
    sold, bought = position.leg(Venue.UPBIT), position.leg(Venue.BINANCE)
    assert (sold.base, bought.base) == (Decimal("-0.01"), Decimal("0.01"))
    assert (sold.quote, sold.quote_fee) == (Decimal(1_400_000 - 700), 700)
    assert (bought.quote, bought.base_fee) == (-1000, Decimal("0.00001"))
    assert bought.base_net == Decimal("0.00999")


def test_a_lone_leg_is_an_imbalance():
    upbit, binance = world.opening("s").orders
    position = trade_position([filled(upbit), binance])
    assert position.imbalance == Decimal("-0.01")
    assert position.hedged == 0


def test_what_is_hedged_is_the_smaller_leg():
    upbit, binance = world.opening("s").orders
    position = trade_position([filled(upbit, "0.004"), filled(binance)])
    assert (position.imbalance, position.hedged) == (Decimal("0.006"), Decimal("0.004"))


def test_the_result_counts_all_that_moved():
    position = trade_position(filled(order) for order in world.opening("s").orders)
    expected = Decimal(1_400_000 - 700) - 1000 * 1400 + Decimal("-0.00001") * 140_000_000
    assert position.pnl_krw(PAIR, Decimal(1400), Decimal(140_000_000)) == expected


def test_a_fee_in_a_third_asset_touches_neither_leg():
    order = filled(world.opening("s").on(Venue.BINANCE), fee=Decimal(1), fee_asset="BNB")
    leg = leg_position([order], Venue.BINANCE)
    assert (leg.base_net, leg.base_fee, leg.quote_fee) == (Decimal("0.01"), 0, 0)


def test_nothing_filled_is_nothing_held():
    position = trade_position(world.opening("s").orders)
    assert (position.imbalance, position.hedged, position.pnl_krw(PAIR, Decimal(1400), Decimal(1))) == (
        0,
        0,
        0,
    )


def test_dust_is_what_a_venue_would_not_take():
    price = Decimal(100_000)
    assert is_dust(Decimal("-0.00004"), price, BINANCE)
    assert not is_dust(Decimal("-0.00005"), price, BINANCE)
    assert is_dust(Decimal("0.000009"), price, BINANCE)


lots = st.integers(0, 10_000).map(lambda number: number * Decimal("0.00001"))


@given(bought=lots, sold=lots, price=st.integers(1, 10**6))
def test_what_is_left_alone_and_what_is_hedged_are_the_larger_leg_together(bought, sold, price):
    made = world.opening("s")
    legs = [
        filled(made.on(venue), quantity, price=Decimal(price))
        for venue, quantity in ((Venue.BINANCE, bought), (Venue.UPBIT, sold))
        if quantity
    ]
    position = trade_position(legs)
    assert position.imbalance == bought - sold
    assert position.hedged + abs(position.imbalance) == max(bought, sold)


def test_legs_that_point_the_same_way_hedge_nothing():
    made = world.opening("s")
    upbit = replace(made.on(Venue.UPBIT), side=Side.BUY)
    position = trade_position([filled(upbit), filled(made.on(Venue.BINANCE))])
    assert position.hedged == 0
    assert position.imbalance == Decimal("0.02")


def test_a_pair_that_was_opened_and_closed_holds_nothing_and_earned_the_difference():
    made = world.opening("s")
    back = [
        filled(world.exit_intent(made.trade, venue, 2), price=world.PRICES[venue] * 2, fee=Decimal(0))
        for venue in PAIR.venues
    ]
    there = [filled(order, fee=Decimal(0)) for order in made.orders]
    position = trade_position([*there, *back])
    assert (position.imbalance, position.hedged) == (0, 0)
    assert (position.leg(Venue.UPBIT).quote, position.leg(Venue.BINANCE).quote) == (-1_400_000, 1_000)
    assert position.pnl_krw(PAIR, Decimal(1400), Decimal(0)) == 0
