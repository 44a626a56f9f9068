"""What each evaluation begins with: the session's mode and its trades, of one moment."""

from dataclasses import replace

from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.risk.review import Mode
from arb.domain.trading.trade import TradeState
from tests.contracts import world
from tests.contracts.test_risk_guard import opened

NOW_NS, BTC = world.NOW_NS, Coin("BTC")


def seen(stores, session, *coins):
    return stores.trades.session_view(session.session_id, coins or (BTC,))


def test_a_session_that_does_not_exist_has_no_view(stores):
    assert stores.trades.session_view(SessionId("nobody"), (BTC,)) is None


def test_a_session_without_trades_has_its_mode(stores, session):
    stores.sessions.set_mode(session.session_id, Mode.REDUCE_ONLY, "test", NOW_NS)
    view = seen(stores, session)
    assert (view.mode, view.trades) == (Mode.REDUCE_ONLY, ())


def test_it_has_the_trades_that_the_other_views_have_with_their_orders_and_fills(stores, session):
    for number in range(3):
        opening = opened(stores, session, now_ns=NOW_NS + number)
        if number:
            order = opening.on(Venue.UPBIT)
            stores.trades.claim(order.client_order_id, NOW_NS + 5)
            stores.trades.record(world.filled(order), NOW_NS + 6)
    view = seen(stores, session)
    assert len(view.trades) == 3
    assert view.trades == stores.trades.active(session.session_id)
    assert [len(order.fills) for each in view.trades for order in each.orders] == [0, 0, 0, 1, 0, 1]


def test_trades_that_have_ended_or_are_of_other_coins_are_not_in_it(stores, session):
    trade = opened(stores, session).trade
    assert [each.trade.trade_id for each in seen(stores, session).trades] == [trade.trade_id]
    assert seen(stores, session, Coin("ETH")).trades == ()
    stores.trades.add_orders(replace(trade, state=TradeState.ABORTED, closed_at_ns=NOW_NS + 9), ())
    assert seen(stores, session).trades == ()
