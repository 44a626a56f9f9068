"""Orders that are not ours: known from when they were first seen, and gone when they are listed no more."""

from decimal import Decimal
from itertools import count

import pytest

from arb.domain.market.ids import ClientOrderId, Symbol, Venue, VenueOrderId
from arb.domain.market.instrument import Side
from arb.domain.trading.external import ExternalState, ListedOrder
from arb.domain.trading.order import State
from tests.contracts.world import NOW_NS

numbers = count(1)


def listed(venue: Venue = Venue.BINANCE, client_id: str = "web_1") -> ListedOrder:
    return ListedOrder(
        venue=venue,
        symbol=Symbol("BTC/USDT"),
        client_order_id=ClientOrderId(client_id),
        venue_order_id=VenueOrderId(f"x{next(numbers)}"),
        side=Side.BUY,
        status=State.ACCEPTED,
        executed=Decimal(0),
    )


def state_of(stores, order: ListedOrder) -> ExternalState:
    return next(
        each.state
        for each in stores.external.known(order.venue)
        if each.venue_order_id == order.venue_order_id
    )


def test_an_order_is_new_once(stores):
    order = listed()
    assert stores.external.adopt(Venue.BINANCE, [order], NOW_NS) == (order,)
    assert stores.external.adopt(Venue.BINANCE, [order], NOW_NS + 1) == ()
    known = stores.external.known(Venue.BINANCE)[0]
    assert (known.client_id, known.symbol) == ("web_1", "BTC/USDT")
    assert (known.first_seen_ns, known.last_seen_ns) == (NOW_NS, NOW_NS + 1)


def test_only_what_is_new_among_many_is_returned(stores):
    old, new = listed(), listed(client_id="")
    stores.external.adopt(Venue.BINANCE, [old], NOW_NS)
    assert stores.external.adopt(Venue.BINANCE, [old, new], NOW_NS) == (new,)


def test_what_is_not_listed_any_more_is_gone_and_may_come_back(stores):
    order, other = listed(), listed(Venue.UPBIT)
    stores.external.adopt(Venue.BINANCE, [order], NOW_NS)
    stores.external.adopt(Venue.UPBIT, [other], NOW_NS)
    assert stores.external.adopt(Venue.BINANCE, [], NOW_NS + 1) == ()
    assert state_of(stores, order) is ExternalState.GONE
    assert state_of(stores, other) is ExternalState.OPEN
    assert stores.external.adopt(Venue.BINANCE, [order], NOW_NS + 2) == ()
    assert state_of(stores, order) is ExternalState.OPEN


@pytest.mark.parametrize("venue", list(Venue))
def test_known_ones_come_newest_first_and_by_venue(stores, venue):
    first, second = listed(venue), listed(venue)
    stores.external.adopt(venue, [first], NOW_NS + 10)
    stores.external.adopt(venue, [first, second], NOW_NS + 20)
    assert [each.venue_order_id for each in stores.external.known(venue)][:2] == [
        second.venue_order_id,
        first.venue_order_id,
    ]
