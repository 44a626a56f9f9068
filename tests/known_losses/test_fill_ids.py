"""A fill is known by mode, account and its venue's id: ids of simulators, test networks and accounts meet.

Where the id alone counted, what a mock session had booked kept a live fill of that id from being booked: the
order stayed without its fill, and its leg was repaired as if it had not been executed.
"""

from contextlib import suppress
from dataclasses import replace

import pytest

from arb.domain.errors import InvariantError
from arb.domain.market.ids import FillId, Venue
from arb.domain.risk.review import Approved
from arb.domain.trading.order import Order, OrderState
from arb.ports.trading import Session
from tests.contracts import world
from tests.contracts.backends import Stores, memory_stores
from tests.known_losses.helpers import require


@pytest.fixture(params=["memory", pytest.param("sql", marks=pytest.mark.integration)])
def stores(request: pytest.FixtureRequest) -> Stores:
    return memory_stores() if request.param == "memory" else request.getfixturevalue("sql")


def claimed_order(stores: Stores, session: Session) -> Order:
    """Return an order at Binance that was sent in a new session."""
    stores.sessions.create(session)
    for entry in world.openings(session.session_id):
        stores.trades.book_entry(session.session_id, entry, world.NOW_NS)
    opening = world.opening(session.session_id)
    verdict = stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS)
    require(isinstance(verdict, Approved), "the trade is approved")
    order = stores.trades.claim(opening.on(Venue.BINANCE).client_order_id, world.NOW_NS)
    require(order, "the order is claimed")
    return order


def state_after_fill(stores: Stores, session: Session, fill_id: str) -> OrderState:
    order = claimed_order(stores, session)
    fill = replace(world.fill(order), fill_id=FillId(fill_id))
    with suppress(InvariantError):
        stores.trades.record(world.report(order, OrderState.FILLED, fill), world.NOW_NS)
    return stores.trades.order(order.client_order_id).state


def test_a_fill_is_booked_whatever_another_environment_has_booked_under_its_id(stores: Stores):
    require(state_after_fill(stores, world.session(), "28") is OrderState.FILLED, "the first one is booked")
    state = state_after_fill(stores, world.session(environment="live"), "28")
    assert state is OrderState.FILLED


def test_a_fill_is_booked_whatever_another_account_has_booked_under_its_id(stores: Stores):
    one, other = (
        replace(world.session(environment="live"), accounts=world.accounts(name)) for name in ("one", "other")
    )
    require(state_after_fill(stores, one, "29") is OrderState.FILLED, "the first one is booked")
    state = state_after_fill(stores, other, "29")
    assert state is OrderState.FILLED


def test_a_fill_is_not_booked_twice_within_one_account(stores: Stores):
    one, other = (
        replace(world.session(environment="live"), accounts=world.accounts("same")) for _ in range(2)
    )
    require(state_after_fill(stores, one, "30") is OrderState.FILLED, "the first one is booked")
    state = state_after_fill(stores, other, "30")
    assert state is not OrderState.FILLED
