"""An intent that must not be sent is denied, and which orders moved since a moment."""

from arb.domain.market.ids import Venue
from arb.domain.trading.order import OrderState
from tests.contracts import world

NOW_NS = world.NOW_NS


def opened(stores, session):
    opening = world.opening(session.session_id)
    stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    return opening


def test_a_denied_intent_is_over_and_gives_its_hold_back(stores, session):
    order = opened(stores, session).on(Venue.UPBIT)
    assert stores.trades.deny(order.client_order_id, "killed: test", NOW_NS + 1)
    denied = stores.trades.order(order.client_order_id)
    assert (denied.state, denied.reason) == (OrderState.DENIED, "killed: test")
    assert stores.inside.hold(order.client_order_id) == "voided"
    assert stores.inside.events(order.client_order_id) == [("deny", "intent", "denied", 0)]


def test_a_denied_intent_is_never_claimed(stores, session):
    order = opened(stores, session).on(Venue.UPBIT)
    stores.trades.deny(order.client_order_id, "killed", NOW_NS)
    assert stores.trades.claim(order.client_order_id, NOW_NS) is None


def test_denying_twice_is_the_same_as_once(stores, session):
    order = opened(stores, session).on(Venue.UPBIT)
    assert stores.trades.deny(order.client_order_id, "first", NOW_NS)
    assert stores.trades.deny(order.client_order_id, "second", NOW_NS)
    assert stores.trades.order(order.client_order_id).reason == "first"
    assert len(stores.inside.events(order.client_order_id)) == 1


def test_an_order_that_was_claimed_is_not_denied(stores, session):
    order = opened(stores, session).on(Venue.BINANCE)
    claimed = stores.trades.claim(order.client_order_id, NOW_NS)
    assert not stores.trades.deny(order.client_order_id, "killed", NOW_NS)
    assert stores.trades.order(order.client_order_id) == claimed


def test_a_claim_that_was_given_back_may_be_denied(stores, session):
    order = opened(stores, session).on(Venue.BINANCE)
    claimed = stores.trades.claim(order.client_order_id, NOW_NS)
    stores.trades.release(order.client_order_id, claimed.fence, "not sent", NOW_NS)
    assert stores.trades.deny(order.client_order_id, "killed", NOW_NS)


def test_an_order_that_does_not_exist_is_not_denied(stores, session):
    assert not stores.trades.deny(world.nobody(), "killed", NOW_NS)


def test_moving_are_the_live_ones_and_those_that_changed_since(stores, session):
    opening = opened(stores, session)
    upbit, binance = opening.on(Venue.UPBIT), opening.on(Venue.BINANCE)
    stores.trades.claim(binance.client_order_id, NOW_NS + 5)
    stores.trades.record(world.filled(binance), NOW_NS + 10)

    def moving(since_ns):
        return {order.client_order_id for order in stores.trades.moving(session.session_id, since_ns)}

    assert moving(NOW_NS + 10) == {upbit.client_order_id, binance.client_order_id}
    assert moving(NOW_NS + 11) == {upbit.client_order_id}
    assert stores.trades.moving("s-none", 0) == ()
