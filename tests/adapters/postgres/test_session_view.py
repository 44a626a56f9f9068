"""A trade whose rows have not changed is made of them once a connection; one that changed is always seen."""

import pytest
from sqlalchemy import Engine

from arb.adapters.postgres import joined
from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.trading.order import OrderState
from tests.adapters.postgres.begun import begun_session
from tests.contracts import world

pytestmark = pytest.mark.integration


@pytest.fixture
def engine(database, database_url: str):
    """One connection, so that each read comes after the one before on it."""
    made = make_engine(database_url, Pool(size=1, overflow_max=0))
    yield made
    made.dispose()


@pytest.fixture
def trades(engine: Engine):
    return SqlTradeStore(engine)


@pytest.fixture
def session_id(trades):
    return begun_session(trades.engine)


def opened(trades, session_id):
    made = world.opening(session_id, quantity="0.0001")
    trades.open_trade(made.proposal, made.orders, world.with_limits(entry_cooldown_ns=0), world.NOW_NS)
    return made


def seen(trades, session_id, coins=None):
    return trades.session_view(session_id, coins).trades


def test_what_has_not_changed_is_made_once(trades, session_id):
    made = opened(trades, session_id)
    (before,) = seen(trades, session_id)
    (after,) = seen(trades, session_id)
    assert before is after
    assert before == trades.view(made.trade.trade_id)
    (of_its_coin,) = seen(trades, session_id, [made.trade.coin])
    assert of_its_coin is before
    assert seen(trades, session_id, ["ETH"]) == ()


def test_every_change_is_seen(trades, session_id):
    made = opened(trades, session_id)
    first, second = made.orders
    claimed = {}

    def claim(order):
        claimed[order.client_order_id] = trades.claim(order.client_order_id, world.NOW_NS)
        assert claimed[order.client_order_id] is not None

    def part(order):
        one = claimed[order.client_order_id]
        piece = world.fill(one, quantity=one.quantity / 4)
        trades.record(world.report(one, OrderState.PARTIALLY_FILLED, piece), world.NOW_NS)

    def whole(order):
        trades.record(world.filled(claimed[order.client_order_id]), world.NOW_NS)

    def another(_order):
        opened(trades, session_id)

    last = seen(trades, session_id)
    for change, order in ((claim, first), (whole, first), (claim, second), (part, second), (another, None)):
        change(order)
        now = seen(trades, session_id)
        assert now != last, change.__name__
        assert now == tuple(trades.view(each.trade.trade_id) for each in now)
        last = now


def test_what_is_kept_is_bounded(trades, session_id, monkeypatch):
    monkeypatch.setattr(joined, "KEPT_MAX", 3)
    for count in range(1, 5):
        opened(trades, session_id)
        assert len(seen(trades, session_id)) == count
    with trades.engine.connect() as connection:
        assert len(connection.info[joined.KEPT]) <= 4


def test_of_two_connections_each_sees_what_the_other_one_changed(trades, session_id, database):
    made = opened(trades, session_id)
    before = seen(trades, session_id)
    SqlTradeStore(database).claim(made.orders[0].client_order_id, world.NOW_NS)
    after = seen(trades, session_id)
    assert after != before
    assert after == (trades.view(made.trade.trade_id),)
