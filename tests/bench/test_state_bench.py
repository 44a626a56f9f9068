"""What keeping the hot state up costs an evaluation: less than 5 % of it."""

import time

import pytest

from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.mirror import Mirror
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from tests.contracts import world

TRADES = 200
COST_MAX = 0.05


@pytest.fixture
def trades(database_url):
    engine = make_engine(database_url, Pool(size=2))
    yield SqlTradeStore(engine)
    engine.dispose()


def opened(trades):
    """Return the seconds that opening trades takes, the one step of an evaluation that writes."""
    session = world.session()
    SqlSessionStore(trades.engine).create(session)
    for entry in world.openings(session.session_id):
        trades.book_entry(session.session_id, entry, world.NOW_NS)
    limits = world.with_limits(trades_open_max=10**6, trades_open_per_coin_max=10**6)
    made = [world.opening(session.session_id, quantity="0.00001") for _ in range(TRADES)]
    began = time.perf_counter()
    for each in made:
        trades.open_trade(each.proposal, each.orders, limits, world.NOW_NS)
    return time.perf_counter() - began


def test_a_note_costs_next_to_nothing_of_an_evaluation(trades):
    took = opened(trades)
    mirror = Mirror(keeper=None, now_ns=time.monotonic_ns)
    mirror._thread = object()  # no writer: what the caller pays is measured
    began = time.perf_counter()
    for number in range(TRADES):
        mirror.note(str(number))
    per_note, per_evaluation = (time.perf_counter() - began) / TRADES, took / TRADES
    print(f"\nnote {per_note * 1e6:.1f} us of {per_evaluation * 1e3:.2f} ms: {per_note / per_evaluation:.3%}")
    assert per_note < COST_MAX * per_evaluation
