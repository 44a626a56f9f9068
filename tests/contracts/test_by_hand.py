"""What a person decides about coins and pairs is kept, once, and holds an entry back under its lock."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.domain.errors import Conflict, StoreUnavailable
from arb.domain.market.ids import Coin, TradeId
from arb.domain.risk.review import Approved, Denied
from arb.domain.time import NS_PER_S
from arb.domain.trading.by_hand import CloseRequest, CoinPause
from arb.domain.trading.trade import TradeState
from tests.contracts import world

NOW_NS = world.NOW_NS
BTC = Coin("BTC")
PAUSE = CoinPause(coin=BTC, since_ns=NOW_NS, by="kim@desk", reason="fork")


def entry(stores, session, **values):
    opening = world.opening(session.session_id, now_ns=NOW_NS, **values)
    return stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS), opening


def open_pair(stores, session):
    verdict, opening = entry(stores, session)
    assert isinstance(verdict, Approved)
    return stores.trades.add_orders(replace(opening.trade, state=TradeState.OPEN), ())


def request(trade, **changes):
    asked = CloseRequest(
        trade_id=trade.trade_id, session_id=trade.session_id, asked_by="kim@desk", asked_at_ns=NOW_NS,
        lasts_ns=30 * NS_PER_S, earned_bps_min=Decimal("-12.5"),
    )  # fmt: skip
    return replace(asked, **changes)


def test_a_paused_coin_opens_nothing_and_the_others_do(stores, session):
    stores.by_hand.pause(session.session_id, PAUSE)
    assert entry(stores, session)[0] == Denied("coin_paused")
    assert isinstance(entry(stores, session, coin="ETH")[0], Approved)
    stores.by_hand.resume(session.session_id, BTC, "lee@desk", NOW_NS + 1)
    assert isinstance(entry(stores, session)[0], Approved)


def test_of_two_pauses_the_first_stays_and_the_second_is_told_of_it(stores, session):
    store, later = stores.by_hand, replace(PAUSE, since_ns=NOW_NS + 1, by="lee@desk")
    assert store.pause(session.session_id, PAUSE) == PAUSE
    assert store.pause(session.session_id, later) == PAUSE
    assert store.pauses(session.session_id) == (PAUSE,)
    assert store.resume(session.session_id, BTC, "lee@desk", NOW_NS + 2) == PAUSE
    assert store.resume(session.session_id, BTC, "lee@desk", NOW_NS + 3) is None
    assert store.pause(session.session_id, later) == later
    store.resume(session.session_id, BTC, "kim@desk", NOW_NS)


def test_a_pause_outlives_its_session_and_is_no_other_modes_or_groups(stores, session):
    stores.by_hand.pause(session.session_id, PAUSE)
    others = {
        "next": replace(world.session(), environment=session.environment),
        "group": replace(world.session(), environment=session.environment, group_name="btc"),
        "mode": replace(world.session(), environment="paper"),
    }
    for other in others.values():
        stores.sessions.create(other)
    found = {name: stores.by_hand.pauses(other.session_id) for name, other in others.items()}
    assert found == {"next": (PAUSE,), "group": (), "mode": ()}
    stores.by_hand.resume(session.session_id, BTC, "kim@desk", NOW_NS)


def test_a_request_to_close_is_kept_once_while_it_holds(stores, session):
    trade = open_pair(stores, session)
    first, second = request(trade), request(trade, asked_at_ns=NOW_NS + NS_PER_S, asked_by="lee@desk")
    assert stores.by_hand.ask_to_close(first) == first
    assert stores.by_hand.ask_to_close(second) == first
    decided = stores.by_hand.decided(session.session_id, NOW_NS + NS_PER_S)
    assert decided.closing == {trade.trade_id: first}
    lapsed_ns = NOW_NS + 30 * NS_PER_S
    assert stores.by_hand.decided(session.session_id, lapsed_ns).closing == {}
    again = request(trade, asked_at_ns=lapsed_ns)
    assert stores.by_hand.ask_to_close(again) == again


@pytest.mark.parametrize("state", [TradeState.CLOSING, TradeState.REPAIRING, TradeState.CLOSED])
def test_what_is_not_open_cannot_be_asked_for(stores, session, state):
    trade = open_pair(stores, session)
    asked = request(trade)
    stores.by_hand.ask_to_close(asked)
    closed_at_ns = NOW_NS if state is TradeState.CLOSED else 0
    stores.trades.add_orders(replace(trade, state=state, closed_at_ns=closed_at_ns), ())
    with pytest.raises(Conflict, match=state.value):
        stores.by_hand.ask_to_close(asked)
    still = stores.by_hand.decided(session.session_id, NOW_NS).closing
    assert bool(still) is (state is not TradeState.CLOSED)


def test_a_trade_of_another_session_cannot_be_asked_for(stores, session):
    other = world.session()
    stores.sessions.create(other)
    trade = open_pair(stores, session)
    with pytest.raises(Conflict):
        stores.by_hand.ask_to_close(request(trade, session_id=other.session_id))
    with pytest.raises(Conflict):
        stores.by_hand.ask_to_close(request(trade, trade_id=TradeId("gone")))


def test_while_the_store_is_away_nothing_is_decided_for_anybody(stores, session):
    tables = getattr(stores.by_hand, "tables", None)
    if tables is None:
        pytest.skip("the server is not stopped here")
    tables.away = True
    with pytest.raises(StoreUnavailable):
        stores.by_hand.decided(session.session_id, NOW_NS)
