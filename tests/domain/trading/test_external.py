"""Which of the orders that a venue lists are ours."""

from decimal import Decimal

import pytest

from arb.domain.market.ids import ClientOrderId, Symbol, Venue, VenueOrderId, client_order_id, trade_id
from arb.domain.market.instrument import Side
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import OrderState


def listed(client_id: str, venue: Venue = Venue.BINANCE) -> ListedOrder:
    return ListedOrder(
        venue=venue,
        symbol=Symbol("BTC/USDT"),
        client_order_id=ClientOrderId(client_id),
        venue_order_id=VenueOrderId("77"),
        side=Side.SELL,
        status=OrderState.ACCEPTED,
        executed=Decimal(0),
    )


@pytest.mark.parametrize("venue", list(Venue))
def test_an_id_that_we_derive_for_this_venue_is_ours(venue):
    assert listed(client_order_id(trade_id(5, 5), venue, 1), venue).is_ours


def test_an_id_of_the_other_venue_is_not_ours_here():
    assert not listed(client_order_id(trade_id(5, 5), Venue.UPBIT, 1), Venue.BINANCE).is_ours


@pytest.mark.parametrize("client_id", ["", "web_1", "a1-short-b1"])
def test_what_somebody_else_named_or_nobody_is_not_ours(client_id):
    assert not listed(client_id).is_ours


def test_an_order_is_told_by_its_venue_side_id_and_market():
    assert str(listed("web_1")) == "binance sell order 77 (web_1) of BTC/USDT"
    assert str(listed("")) == "binance sell order 77 of BTC/USDT"
