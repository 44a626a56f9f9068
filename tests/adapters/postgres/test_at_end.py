"""Of two legs that end at the same moment at least one is seen to be the last: no trade is left unsettled."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest

from arb.adapters.postgres.trades import SqlTradeStore
from arb.engine.trading.at_end import SettleAtEnd
from tests.adapters.postgres.begun import begun_session
from tests.contracts import world
from tests.domain.markets import PAIR

pytestmark = pytest.mark.integration
TRADES = 40


@pytest.fixture
def trades(database):
    return SqlTradeStore(database)


@pytest.fixture
def session_id(trades):
    return begun_session(trades.engine)


def sent(trades, session_id):
    """Return the two orders of a new trade as their senders know them."""
    made = world.opening(session_id, quantity="0.0001")
    trades.open_trade(made.proposal, made.orders, world.LIMITS, world.NOW_NS)
    return [trades.claim(order.client_order_id, world.NOW_NS) for order in made.orders]


@pytest.mark.parametrize("is_known", [True, False])
def test_two_legs_that_end_at_once_do_not_leave_it_to_each_other(trades, session_id, is_known):
    seen_to, together = [], Barrier(2)
    at_end = SettleAtEnd(
        session_id=session_id,
        trades=trades,
        markets=SimpleNamespace(markets=SimpleNamespace(pair=PAIR), at_hand=lambda *_: None),
        rules=None,
        clock=None,
        otherwise=lambda order: seen_to.append(order.trade_id),
    )

    def end(order):
        report = world.filled(order)
        together.wait(10)
        at_end(trades.record(report, world.NOW_NS, order if is_known else None))

    with ThreadPoolExecutor(2) as pool:
        for _ in range(TRADES):
            legs = sent(trades, session_id)
            list(pool.map(end, legs))
            assert legs[0].trade_id in seen_to
