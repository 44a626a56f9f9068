"""Lists and sources, read from a real Redis and a real PostgreSQL."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.adapters.redis.client import connect
from arb.app.facts.sources import Sources
from arb.cli.views.listing import newest_orders, newest_trades, orders_view, trades_view
from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_S
from arb.ports.trading import Session
from arb.stack.errors import StackNotRunning
from arb.stack.home import Home
from tests.cli.views.drawing import drawn
from tests.contracts import world

pytestmark = pytest.mark.integration


@pytest.fixture
def session(database: Engine) -> Session:
    """A session with two trades; of the newer one a leg is filled."""
    made, store = world.session(), SqlTradeStore(database)
    SqlSessionStore(database).create(made)
    for entry in world.openings(made.session_id):
        store.book_entry(made.session_id, entry, world.NOW_NS)
    for later_s in (0, 1):
        opening = world.opening(made.session_id, now_ns=world.NOW_NS + later_s * NS_PER_S)
        store.open_trade(opening.proposal, opening.orders, world.LIMITS, world.NOW_NS)
    order = opening.on(Venue.UPBIT)
    assert store.claim(order.client_order_id, world.NOW_NS)
    store.record(world.filled(order), world.NOW_NS)
    return made


def test_trades_come_newest_first_and_no_more_than_asked_for(database: Engine, session: Session) -> None:
    rows = newest_trades(database, session.session_id, 10)
    assert [row["opened_at_ns"] for row in rows] == [world.NOW_NS + NS_PER_S, world.NOW_NS]
    assert newest_trades(database, session.session_id, 1) == rows[:1]
    shown = drawn(trades_view(rows, world.NOW_NS + 61 * NS_PER_S))
    assert rows[0]["trade_id"] in shown
    assert "01:01" in shown


def test_orders_come_with_what_was_filled(database: Engine, session: Session) -> None:
    rows = newest_orders(database, session.session_id, 2)
    assert {(row["venue"], row["state"], Decimal(row["filled"])) for row in rows} == {
        ("upbit", "filled", Decimal("0.01")),
        ("binance", "intent", Decimal(0)),
    }
    assert "0.01  140000000" in drawn(orders_view(rows))


def sources(database: Engine, redis_url: str, home: Home, scope: str = "mock") -> Sources:
    engine: Any = SimpleNamespace(
        stores=SimpleNamespace(trades=SqlTradeStore(database)),
        settings=SimpleNamespace(broker_prefix=f"{scope}:", fallback_prefix=f"{scope}_"),
    )
    return Sources(engine, home, connect(redis_url))


def test_queues_are_counted_on_both_brokers(database: Engine, redis_url: str, tmp_path: Any) -> None:
    found = sources(database, redis_url, Home(tmp_path))
    found.broker.rpush("mock:evaluate", "a", "b")
    assert found.queues() == {"orders": 0, "evaluate": 2, "housekeeping": 0}
    with database.begin() as connection:
        connection.execute(text("SELECT pgmq.create('mock_orders'), pgmq.create('live_orders')"))
        connection.execute(text("SELECT pgmq.send('mock_orders', '{}'::jsonb)"))
    assert found.fallback_queues() == {"orders": 1}


def test_a_mode_sees_its_own_queues(database: Engine, redis_url: str, tmp_path: Any) -> None:
    found = sources(database, redis_url, Home(tmp_path), "paper")
    found.broker.rpush("paper:orders", "a")
    found.broker.rpush("mock:orders", "b", "c")
    assert found.queues() == {"orders": 1, "evaluate": 0, "housekeeping": 0}


def test_what_is_away_is_an_error_that_frames_understand(database: Engine, tmp_path: Any) -> None:
    found = sources(database, "redis://127.0.0.1:9/0", Home(tmp_path))
    with pytest.raises(StoreUnavailable):
        found.queues()
    with pytest.raises(StackNotRunning):
        found.processes()
