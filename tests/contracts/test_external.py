"""Orders that are not ours: known from when they were first seen, and gone when they are listed no more."""

from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest

from arb.domain.market.ids import ClientOrderId, SessionId, Symbol, Venue, VenueOrderId
from arb.domain.market.instrument import Side
from arb.domain.trading.external import ExternalState, ListedOrder
from arb.domain.trading.order import OrderState
from tests.contracts import world
from tests.contracts.world import NOW_NS

numbers = count(1)


def listed(venue: Venue = Venue.BINANCE, client_id: str = "web_1") -> ListedOrder:
    return ListedOrder(
        venue=venue,
        symbol=Symbol("BTC/USDT"),
        client_order_id=ClientOrderId(client_id),
        venue_order_id=VenueOrderId(f"x{next(numbers)}"),
        side=Side.BUY,
        status=OrderState.ACCEPTED,
        executed=Decimal(0),
    )


@pytest.fixture
def session_id(stores) -> SessionId:
    """A session on an account that no other test knows."""
    session = replace(world.session(), accounts=world.accounts(f"account-{next(numbers)}"))
    stores.sessions.create(session)
    return session.session_id


def state_of(stores, session_id, order: ListedOrder) -> ExternalState:
    return next(
        each.state
        for each in stores.external.known(session_id, order.venue)
        if each.venue_order_id == order.venue_order_id
    )


def test_an_order_is_new_once(stores, session_id):
    order = listed()
    assert stores.external.adopt(session_id, Venue.BINANCE, [order], NOW_NS) == (order,)
    assert stores.external.adopt(session_id, Venue.BINANCE, [order], NOW_NS + 1) == ()
    known = stores.external.known(session_id, Venue.BINANCE)[0]
    assert (known.client_id, known.symbol) == ("web_1", "BTC/USDT")
    assert (known.first_seen_ns, known.last_seen_ns) == (NOW_NS, NOW_NS + 1)


def test_only_what_is_new_among_many_is_returned(stores, session_id):
    old, new = listed(), listed(client_id="")
    stores.external.adopt(session_id, Venue.BINANCE, [old], NOW_NS)
    assert stores.external.adopt(session_id, Venue.BINANCE, [old, new], NOW_NS) == (new,)


def test_what_is_not_listed_any_more_is_gone_and_may_come_back(stores, session_id):
    order, other = listed(), listed(Venue.UPBIT)
    stores.external.adopt(session_id, Venue.BINANCE, [order], NOW_NS)
    stores.external.adopt(session_id, Venue.UPBIT, [other], NOW_NS)
    assert stores.external.adopt(session_id, Venue.BINANCE, [], NOW_NS + 1) == ()
    assert state_of(stores, session_id, order) is ExternalState.GONE
    assert state_of(stores, session_id, other) is ExternalState.OPEN
    assert stores.external.adopt(session_id, Venue.BINANCE, [order], NOW_NS + 2) == ()
    assert state_of(stores, session_id, order) is ExternalState.OPEN


@pytest.mark.parametrize("venue", list(Venue))
def test_known_ones_come_newest_first_and_by_venue(stores, session_id, venue):
    first, second = listed(venue), listed(venue)
    stores.external.adopt(session_id, venue, [first], NOW_NS + 10)
    stores.external.adopt(session_id, venue, [first, second], NOW_NS + 20)
    assert [each.venue_order_id for each in stores.external.known(session_id, venue)][:2] == [
        second.venue_order_id,
        first.venue_order_id,
    ]


@pytest.mark.parametrize("other", [{"environment": "live"}, {"accounts": world.accounts("another")}])
def test_orders_on_another_account_are_another_accounts(stores, session_id, other):
    foreign = replace(world.session(), **{"accounts": world.accounts(f"account-{next(numbers)}")} | other)
    stores.sessions.create(foreign)
    order = listed()
    stores.external.adopt(session_id, Venue.BINANCE, [order], NOW_NS)
    assert stores.external.adopt(foreign.session_id, Venue.BINANCE, [order], NOW_NS) == (order,)
    stores.external.adopt(foreign.session_id, Venue.BINANCE, [], NOW_NS + 1)
    assert state_of(stores, session_id, order) is ExternalState.OPEN
