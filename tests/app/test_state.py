"""What is written through a session's stores is in its hot copy a moment later."""

import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from arb.adapters.local.clock import SystemClock
from arb.adapters.memory.states import MemoryStateStore
from arb.adapters.postgres.engine import Pool, make_engine
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.app.state import mirror
from arb.domain.market.ids import Venue
from arb.domain.risk.review import Mode
from arb.domain.trading.order import OrderState
from tests.adapters.broker.apps import MemoryCounters
from tests.contracts import world

pytestmark = pytest.mark.integration
SOON_S = 10.0


@dataclass(frozen=True)
class Stores:
    trades: SqlTradeStore
    sessions: SqlSessionStore
    snapshots: SqlSnapshotStore
    states: MemoryStateStore = field(default_factory=MemoryStateStore)
    counters: Any = field(default_factory=MemoryCounters)


@pytest.fixture
def stores(database_url):
    engine = make_engine(database_url, Pool(size=4))
    yield Stores(SqlTradeStore(engine), SqlSessionStore(engine), SqlSnapshotStore(engine))
    engine.dispose()


@pytest.fixture
def session_id(stores):
    session = world.session()
    stores.sessions.create(session)
    for entry in world.openings(session.session_id):
        stores.trades.book_entry(session.session_id, entry, world.NOW_NS)
    return session.session_id


@pytest.fixture
def mirrored(stores, session_id):
    made, keeper = mirror(session_id, stores, SystemClock())
    keeper.reload_from_snapshot()
    return made


def soon(stores, session_id, shows):
    """Return whether the hot copy shows something within the time that the mirror may take."""
    until = time.monotonic() + SOON_S
    while time.monotonic() < until:
        if shows(stores.states.load(session_id).parts):
            return True
        time.sleep(0.02)
    return False


def states_of_orders(parts):
    return {
        order["client_order_id"]: order["state"]
        for view in parts["positions"]["trades"]
        for order in view["orders"]
    }


def test_a_claim_is_in_the_hot_copy_soon(stores, mirrored, session_id):
    opened = world.opening(session_id)
    mirrored.trades.open_trade(opened.proposal, opened.orders, world.LIMITS, world.NOW_NS)
    order = opened.on(Venue.UPBIT).client_order_id
    assert soon(stores, session_id, lambda parts: states_of_orders(parts).get(order) == OrderState.INTENT)
    mirrored.trades.claim(order, world.NOW_NS)
    assert soon(stores, session_id, lambda parts: states_of_orders(parts).get(order) == OrderState.SUBMITTED)


def test_a_change_of_mode_is_in_the_hot_copy_soon(stores, mirrored, session_id):
    mirrored.sessions.set_mode(session_id, Mode.HALTED, "stop", world.NOW_NS + 1)
    assert soon(stores, session_id, lambda parts: parts["session"]["mode"] == Mode.HALTED)


def test_a_repeated_claim_that_found_nothing_is_written_without_harm(stores, mirrored, session_id):
    assert mirrored.trades.claim(world.nobody(), world.NOW_NS) is None
    mirrored.sessions.set_mode(session_id, Mode.HALTED, "stop", world.NOW_NS + 1)
    assert soon(stores, session_id, lambda parts: parts["session"]["mode"] == Mode.HALTED)
