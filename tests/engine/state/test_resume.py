"""Resuming proves what it goes on with, asks about what is open, and refuses a guess."""

from dataclasses import replace

import pytest

from arb.adapters.broker.dispatch import MemoryDispatcher
from arb.adapters.local.clock import ManualClock
from arb.adapters.local.memory_budget import UnlimitedBudget
from arb.adapters.memory.states import MemoryStateStore
from arb.domain.market.ids import Venue
from arb.domain.state.snapshot import SnapshotKind
from arb.engine.state.hot_state import KeepHotState
from arb.engine.state.resume import Resume
from arb.engine.state.snapshot import TakeSnapshot
from arb.engine.trading.execute import FIRST_ASK
from tests.contracts import world
from tests.contracts.backends import memory_stores
from tests.engine.testbed import Uncounted

NOW_NS = world.NOW_NS


@pytest.fixture
def stores():
    return memory_stores()


@pytest.fixture
def session(stores):
    made = world.session()
    stores.sessions.create(made)
    for entry in world.openings(made.session_id):
        stores.trades.book_entry(made.session_id, entry, NOW_NS)
    return made


@pytest.fixture
def states():
    return MemoryStateStore()


@pytest.fixture
def resume(stores, session, states):
    clock = ManualClock(NOW_NS)
    keeper = KeepHotState(
        session_id=session.session_id,
        states=states,
        snapshots=stores.snapshots,
        sessions=stores.sessions,
        counters=Uncounted(),
        clock=clock,
    )
    return Resume(
        session_id=session.session_id,
        snapshots=stores.snapshots,
        trades=stores.trades,
        dispatcher=MemoryDispatcher(),
        hot_state=keeper,
        clock=clock,
    )


def snapshot(stores, session, now_ns=NOW_NS):
    return TakeSnapshot(
        session_id=session.session_id,
        snapshots=stores.snapshots,
        counters=Uncounted(),
        clock=ManualClock(now_ns),
        interval_ns=300_000_000_000,
        on_trade_interval_ns=10_000_000_000,
        budget=UnlimitedBudget(),
    )


def opened(stores, session):
    made = world.opening(session.session_id)
    stores.trades.open_trade(made.proposal, made.orders, world.LIMITS, NOW_NS)
    return made


def test_the_ledger_after_the_snapshot_is_folded_in(stores, session, states, resume):
    made = opened(stores, session)
    slot = snapshot(stores, session).run(SnapshotKind.MANUAL)
    order = made.on(Venue.UPBIT)
    stores.trades.claim(order.client_order_id, NOW_NS)
    stores.trades.record(world.filled(order), NOW_NS)
    account = resume.run()
    assert (account.slot, account.events_folded, account.differences) == (slot, 1, ())
    assert states.load(session.session_id).stamp == stores.snapshots.stamp(session.session_id)


def test_without_a_snapshot_the_ledger_alone_rebuilds(stores, session, resume):
    account = resume.run()
    assert (account.slot, account.events_folded, account.differences) == (None, 2, ())
    assert "no snapshot" in account.lines()[0]


def test_a_damaged_snapshot_is_named_and_passed_over(stores, session, resume):
    good = snapshot(stores, session).run(SnapshotKind.MANUAL)
    bad = snapshot(stores, session, NOW_NS + 1).run(SnapshotKind.MANUAL)
    stores.inside.damage(session.session_id, bad)
    account = resume.run()
    assert account.slot == good
    assert [each.slot for each in account.skipped] == [bad]
    assert any(bad in line for line in account.lines())


def test_orders_whose_fate_is_open_are_sent_or_asked_about(stores, session, resume):
    made = opened(stores, session)
    stores.trades.claim(made.on(Venue.UPBIT).client_order_id, NOW_NS)
    assert resume.run().orders_asked == 2
    assert {(task, args) for task, args, _ in resume.dispatcher.sent} == {
        ("arb.resolve_order", (made.on(Venue.UPBIT).client_order_id, FIRST_ASK)),
        ("arb.place_order", (made.on(Venue.BINANCE).client_order_id,)),
    }


def test_a_balance_that_the_ledger_does_not_explain_is_a_difference(stores, session, resume):
    snapshot(stores, session).run(SnapshotKind.MANUAL)
    stores.inside.tables.balances[session.session_id]["venue:upbit", "BTC"] += 1
    (line,) = resume.run().differences
    assert line == "BTC in venue:upbit is 3, rebuilt 2"


def test_a_trade_that_went_back_in_time_is_a_difference(stores, session, resume):
    made = opened(stores, session)
    stores.trades.add_orders(replace(made.trade, reason="x"), ())
    snapshot(stores, session).run(SnapshotKind.MANUAL)
    stores.inside.tables.trades[made.trade.trade_id] = made.trade
    (line,) = resume.run().differences
    assert "is at version 0, the snapshot has 1" in line


def test_redis_away_is_no_obstacle(stores, session, states, resume):
    states.away = True
    account = resume.run()
    assert not account.hot_state
    assert account.differences == ()
