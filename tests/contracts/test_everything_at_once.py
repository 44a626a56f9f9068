"""All verbs of all stores from many threads: nothing waits for ever, and the books are even."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from arb.domain.ledger.ledger import totals
from arb.domain.risk.review import Mode
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState
from tests.contracts import world
from tests.contracts.backends import sums
from tests.domain.markets import PAIR

NOW_NS = world.NOW_NS
WORKERS = 8


def live(stores, session, seed):
    """Open a pair, send and fill both legs (told twice), close the trade; look around meanwhile."""
    draw = random.Random(seed)
    opening = world.opening(session.session_id, quantity="0.0001")
    stores.trades.open_trade(opening.proposal, opening.orders, world.LIMITS, NOW_NS)
    for order in draw.sample(opening.orders, 2):
        stores.trades.claim(order.client_order_id, NOW_NS)
        report = world.report(
            order, OrderState.FILLED, world.fill(order, "0.00004"), world.fill(order, "0.00006")
        )
        stores.trades.record(report, NOW_NS)
        stores.trades.record(report, NOW_NS)
    draw.choice((stores.snapshots.image, stores.trades.active, stores.trades.balances))(session.session_id)
    stores.sessions.set_mode(session.session_id, Mode.NORMAL, "still", NOW_NS)
    exits = [world.exit_intent(opening.trade, venue, 2) for venue in PAIR.venues]
    stores.trades.add_orders(replace(opening.trade, state=TradeState.CLOSING), exits)
    return opening.trade.trade_id


@pytest.mark.parametrize("seed", [1, 2])
def test_everything_at_once(stores, session, seed):
    seeds = range(seed * 1000, seed * 1000 + 5 * WORKERS)
    with ThreadPoolExecutor(WORKERS) as pool:
        ids = list(pool.map(lambda number: live(stores, session, number), seeds))
    views = [stores.trades.view(trade_id) for trade_id in ids]
    assert {len(view.orders) for view in views} == {4}
    assert {order.state for view in views for order in view.orders} == {OrderState.FILLED, OrderState.INTENT}
    postings = stores.inside.postings(session.session_id)
    assert set(totals(postings).values()) == {0}
    assert sums(postings) == stores.inside.balances(session.session_id)
