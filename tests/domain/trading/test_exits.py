"""How much of an open pair is closed, and at what prices."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.trading.exits import exit_quantity
from arb.domain.trading.order import OrderState, Purpose
from arb.domain.trading.position import trade_position
from arb.domain.trading.trade import TradeState, pair_legs
from tests.contracts import world
from tests.domain.markets import UPBIT, market

OPENING = world.opening("s", loss_reserve_krw="40000")
WHOLE = Decimal("0.01")


def opened_pair(premium_krw="141400000"):
    """Return an open trade and its position: sold on Upbit at `premium_krw`, bought at 100,000."""
    upbit, binance = OPENING.on(Venue.UPBIT), OPENING.on(Venue.BINANCE)
    orders = (
        replace(upbit, state=OrderState.FILLED, fills=(world.fill(upbit, price=Decimal(premium_krw)),)),
        replace(binance, state=OrderState.FILLED, fills=(world.fill(binance),)),
    )
    return replace(OPENING.trade, state=TradeState.OPEN), trade_position(orders)


THIN = {"upbit_asks": (("139000000", "0.004"),), "upbit_bids": (("138999000", "1"),)}


def test_of_a_pair_larger_than_the_books_show_what_they_show_is_closed():
    trade, position = opened_pair()
    assert exit_quantity(trade, position, market()) == WHOLE
    thin = market(**THIN)
    assert exit_quantity(trade, position, thin) == Decimal("0.004")


def test_a_quantity_is_a_whole_number_of_the_coarser_lots():
    trade, position = opened_pair()
    odd = market(upbit_asks=(("139000000", "0.00412345"),), upbit_bids=(("138999000", "1"),))
    assert exit_quantity(trade, position, odd) == Decimal("0.00412")


@pytest.mark.parametrize(
    "values",
    [
        {"upbit_asks": (("141401000", "0.00003"),)},
        {"binance_bids": (("99999.99", "0.00005"),)},
        {"upbit": replace(UPBIT, notional_min=Decimal(2_000_000))},
    ],
)
def test_nothing_is_closed_where_a_venue_would_refuse_its_leg(values):
    trade, position = opened_pair()
    assert exit_quantity(trade, position, market(**values)) == 0


def test_both_legs_of_a_pair_have_the_same_quantity_and_opposite_sides():
    legs = pair_legs(market(), OPENING.trade.direction, Purpose.ENTRY, Decimal("0.1"), Decimal(10))
    assert [leg.venue for leg in legs] == [Venue.UPBIT, Venue.BINANCE]
    assert {leg.side for leg in legs} == set(Side)
    assert {leg.quantity for leg in legs} == {Decimal("0.1")}


def test_a_pair_needs_depth_on_both_venues():
    assert pair_legs(market(), OPENING.trade.direction, Purpose.ENTRY, Decimal(2), Decimal(10)) is None
