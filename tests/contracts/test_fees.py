"""Fees in a third asset: which of them nobody valued yet, and what they were worth."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.errors import Conflict
from arb.domain.market.ids import FillId, Venue
from arb.domain.risk.review import Approved, Denied
from arb.domain.trading.order import OrderState
from tests.contracts import world

NOW_NS = world.NOW_NS


def filled_order(stores, session, fee_asset="BNB", fee="0.00125"):
    """Return a filled order at Binance whose fee was taken in an asset."""
    opening = world.opening(session.session_id)
    stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    order = stores.trades.claim(opening.on(Venue.BINANCE).client_order_id, NOW_NS)
    fill = replace(world.fill(order), fee=Decimal(fee), fee_asset=fee_asset)
    return stores.trades.record(world.report(order, OrderState.FILLED, fill), NOW_NS)


def approved(stores, session):
    opening = world.opening(session.session_id)
    return stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)


def test_a_fee_in_a_third_asset_waits_for_its_worth_and_nothing_is_opened_until_then(stores, session):
    order = filled_order(stores, session)
    assert stores.trades.unvalued(session.session_id, 20) == (order.trade_id,)
    assert stores.trades.fee_assets(session.session_id) == {(Venue.BINANCE, "BNB")}
    assert approved(stores, session) == Denied("fee_unvalued")
    trade = stores.trades.view(order.trade_id).trade
    (fill,) = order.fills
    changed = stores.trades.value_fees(
        replace(trade, pnl_krw=Decimal(-7)), {order.client_order_id: {fill.fill_id: Decimal("0.75")}}
    )
    view = stores.trades.view(order.trade_id)
    assert view.trade == changed == replace(trade, pnl_krw=Decimal(-7), version=trade.version + 1)
    (found,) = [each for each in view.orders if each.client_order_id == order.client_order_id]
    assert [each.fee_in_quote for each in found.fills] == [Decimal("0.75")]
    assert stores.trades.unvalued(session.session_id, 20) == ()
    assert stores.trades.fee_assets(session.session_id) == {(Venue.BINANCE, "BNB")}
    assert isinstance(approved(stores, session), Approved)


@pytest.mark.parametrize(("asset", "fee"), [("BTC", "0.00001"), ("USDT", "1"), ("BNB", "0"), ("", "0")])
def test_other_fees_need_no_worth(stores, session, asset, fee):
    filled_order(stores, session, asset, fee)
    assert stores.trades.unvalued(session.session_id, 20) == ()
    assert stores.trades.fee_assets(session.session_id) == frozenset()


def test_fees_are_not_valued_on_an_old_view_of_their_trade(stores, session):
    order = filled_order(stores, session)
    trade = stores.trades.view(order.trade_id).trade
    stores.trades.add_orders(trade, ())
    with pytest.raises(Conflict):
        stores.trades.value_fees(trade, {order.client_order_id: {FillId("any"): Decimal(1)}})
    assert stores.trades.unvalued(session.session_id, 20) == (order.trade_id,)


def test_the_same_report_again_leaves_the_worth(stores, session):
    order = filled_order(stores, session)
    trade = stores.trades.view(order.trade_id).trade
    values = {order.client_order_id: {order.fills[0].fill_id: Decimal("0.75")}}
    stores.trades.value_fees(trade, values)
    again = stores.trades.record(world.report(order, OrderState.FILLED, *order.fills), NOW_NS + 1)
    assert [fill.fee_in_quote for fill in again.fills] == [Decimal("0.75")]


def test_a_fee_that_was_assumed_is_corrected_once_with_its_trade_and_the_ledger(stores, session):
    opening = world.opening(session.session_id)
    stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    order = stores.trades.claim(opening.on(Venue.UPBIT).client_order_id, NOW_NS)
    fill = replace(world.fill(order), fee=Decimal(5), fee_is_assumed=True)
    stores.trades.record(world.report(order, OrderState.FILLED, fill), NOW_NS)
    assert stores.trades.fees_assumed(session.session_id, 5) == (order.client_order_id,)
    before = stores.trades.balances(session.session_id)[Venue.UPBIT, "KRW"]
    trade = stores.trades.view(order.trade_id).trade
    named = {fill.fill_id: Decimal(14)}
    changed = stores.trades.correct_fees(
        replace(trade, pnl_krw=Decimal(-9)), order.client_order_id, named, NOW_NS
    )
    assert stores.trades.view(order.trade_id).trade == changed
    assert changed.pnl_krw == -9
    with pytest.raises(Conflict):
        stores.trades.correct_fees(trade, order.client_order_id, named, NOW_NS)
    stores.trades.correct_fees(changed, order.client_order_id, named, NOW_NS)
    (found,) = stores.trades.order(order.client_order_id).fills
    assert (found.fee, found.fee_is_assumed) == (Decimal(14), False)
    assert stores.trades.fees_assumed(session.session_id, 5) == ()
    assert stores.trades.balances(session.session_id)[Venue.UPBIT, "KRW"] == before - 9
