"""Net direction, drift of the inventory and the day's loss hold under one lock, whoever opens at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.market.ids import Venue
from arb.domain.risk.review import Approved, Denied
from arb.domain.trading.trade import TradeState
from tests.contracts import world

NOW_NS = world.NOW_NS
ONE_KRW = 1_400_000
SELL, BUY = world.SELL_UPBIT, world.BUY_UPBIT


def open_trade(stores, opening, limits=world.LIMITS):
    return stores.trades.open_trade(opening.proposal, opening.orders, limits, NOW_NS)


def opened(stores, session, direction=SELL, state=TradeState.OPENING, **values):
    opening = world.opening(session.session_id, direction=direction, **values)
    assert isinstance(open_trade(stores, opening), Approved)
    if state is not TradeState.OPENING:
        stores.trades.add_orders(replace(opening.trade, state=state), ())
    return opening


def filled(stores, opening):
    for order in opening.orders:
        stores.trades.claim(order.client_order_id, NOW_NS)
        stores.trades.record(world.filled(order), NOW_NS)


@pytest.mark.parametrize("direction", [SELL, BUY])
def test_the_net_direction_is_bounded_both_ways_and_the_other_way_stays_free(stores, session, direction):
    limits = world.with_limits(net_direction_krw_max=Decimal(2 * ONE_KRW))
    for _ in range(2):
        opened(stores, session, direction)
    same = world.opening(session.session_id, direction=direction)
    assert open_trade(stores, same, limits) == Denied("net_direction")
    other = world.opening(session.session_id, direction=SELL if direction == BUY else BUY)
    assert isinstance(open_trade(stores, other, limits), Approved)


@pytest.mark.parametrize(
    ("state", "relieves"),
    [(TradeState.OPEN, True), (TradeState.OPENING, False), (TradeState.CLOSING, False)],
)
def test_only_an_open_pair_of_the_other_way_makes_room(stores, session, state, relieves):
    limits = world.with_limits(net_direction_krw_max=Decimal(ONE_KRW))
    opened(stores, session, SELL)
    opened(stores, session, BUY, state)
    verdict = open_trade(stores, world.opening(session.session_id, direction=SELL), limits)
    assert isinstance(verdict, Approved) is relieves


def test_what_fills_have_moved_is_bounded_after_the_pairs_are_closed(stores, session):
    limits = world.with_limits(inventory_drift_krw_max=Decimal(2 * ONE_KRW))
    first = opened(stores, session, SELL)
    filled(stores, first)
    ended = stores.trades.view(first.trade.trade_id).trade
    stores.trades.add_orders(replace(ended, state=TradeState.CLOSED, closed_at_ns=NOW_NS), ())
    exact = world.with_limits(inventory_drift_krw_max=Decimal("2799300"))  # Upbit kept 700 as its fee
    over = world.opening(session.session_id, direction=SELL, notional_krw="1400001")
    assert open_trade(stores, over, exact) == Denied("inventory_drift")
    assert isinstance(open_trade(stores, world.opening(session.session_id, direction=SELL), limits), Approved)
    third = world.opening(session.session_id, direction=SELL)
    assert open_trade(stores, third, limits) == Denied("inventory_drift")
    back = world.opening(session.session_id, direction=BUY)
    assert isinstance(open_trade(stores, back, limits), Approved)


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [
        ({"net_direction_krw_max": Decimal(3 * ONE_KRW)}, 3),
        ({"inventory_drift_krw_max": Decimal(4 * ONE_KRW)}, 4),
        ({"daily_loss_krw_max": Decimal(5 * 150_000)}, 5),
    ],
    ids=["net direction", "drift", "reserves"],
)
def test_twelve_at_once_open_only_what_each_ceiling_allows(stores, session, limits, allowed):
    rules = world.with_limits(loss_per_trade_krw_max=Decimal(200_000), **limits)
    openings = [world.opening(session.session_id, loss_reserve_krw="150000") for _ in range(12)]
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda opening: open_trade(stores, opening, rules), openings))
    assert sum(isinstance(verdict, Approved) for verdict in verdicts) == allowed


def test_what_another_session_holds_does_not_count_unless_it_is_of_the_same_account(stores, session):
    limits = world.with_limits(net_direction_krw_max=Decimal(ONE_KRW))
    opened(stores, session)
    other = world.session()
    stores.sessions.create(other)
    for entry in world.openings(other.session_id):
        stores.trades.book_entry(other.session_id, entry, NOW_NS)
    assert isinstance(open_trade(stores, world.opening(other.session_id), limits), Approved)


def begun(stores):
    """Return a session with money that takes the place of the last one of its group."""
    made = world.session(group="anew")
    stores.sessions.create(made)
    stores.sessions.take_up(made.session_id, NOW_NS)
    for entry in world.openings(made.session_id):
        stores.trades.book_entry(made.session_id, entry, NOW_NS)
    return made


def test_a_new_session_begins_where_the_last_one_has_left_the_accounts(stores):
    session = begun(stores)
    limits = world.with_limits(inventory_drift_krw_max=Decimal(ONE_KRW + 1))
    first = opened(stores, session, SELL)
    filled(stores, first)
    ended = stores.trades.view(first.trade.trade_id).trade
    stores.trades.add_orders(replace(ended, state=TradeState.CLOSED, closed_at_ns=NOW_NS), ())
    assert open_trade(stores, world.opening(session.session_id), limits) == Denied("inventory_drift")
    fresh = begun(stores)
    assert isinstance(open_trade(stores, world.opening(fresh.session_id), limits), Approved)


def test_a_trade_keeps_the_rate_of_its_entry_and_what_is_set_aside_for_its_move(stores, session):
    opening = world.opening(session.session_id)
    kept = replace(
        opening.trade,
        loss_reserve_krw=Decimal(30_000),
        rate_reserve_krw=Decimal(14_000),
        entry_krw_per_usdt=Decimal("1399.5"),
    )
    opening = replace(opening, proposal=replace(opening.proposal, trade=kept))
    assert isinstance(open_trade(stores, opening), Approved)
    read = stores.trades.view(kept.trade_id).trade
    assert (read.rate_reserve_krw, read.entry_krw_per_usdt) == (14_000, Decimal("1399.5"))
    assert opening.on(Venue.UPBIT).trade_id == read.trade_id
