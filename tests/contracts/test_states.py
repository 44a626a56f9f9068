"""The hot copy of a session's state: whole or not at all, exact, incremental, and never older than before."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.states import MemoryStateStore
from arb.adapters.postgres.records.documents import decode
from arb.adapters.redis.client import connect
from arb.adapters.redis.state import RedisStateStore
from arb.domain.errors import HotStateUnavailable
from arb.domain.market.ids import Venue
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.domain.state.hot_state import HotState
from arb.domain.state.snapshot import PARTS, canonical
from arb.domain.trading.trade import TradeState
from arb.engine.state.hot_state import FAILURES_MAX, KeepHotState
from arb.ports.trading import Session, TradeView
from tests.contracts import world
from tests.engine.races import Raced

NOW_NS = world.NOW_NS


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.integration)])
def states(request):
    if request.param == "memory":
        yield MemoryStateStore()
        return
    with connect(request.getfixturevalue("redis_url")) as client:
        yield RedisStateStore(client, "mock")


@pytest.fixture
def opened(stores, session):
    """Three trades; the first has one leg filled and the other one at the venue."""
    made = [world.opening(session.session_id, coin=coin) for coin in ("BTC", "ETH", "BTC")]
    for each in made:
        stores.trades.open_trade(each.proposal, each.orders, world.LIMITS, NOW_NS)
    order = made[0].on(Venue.UPBIT)
    for each in made[0].orders:
        stores.trades.claim(each.client_order_id, NOW_NS)
    stores.trades.record(world.filled(order), NOW_NS)
    return made


class Counts:
    def count(self, name, reason, amount=1): ...


@pytest.fixture
def keeper(stores, states, session):
    return KeepHotState(
        session_id=session.session_id,
        states=states,
        snapshots=stores.snapshots,
        sessions=stores.sessions,
        counters=Counts(),
        clock=ManualClock(NOW_NS),
    )


def image(stores, session):
    position, parts = stores.snapshots.image(session.session_id)
    return HotState(session_id=session.session_id, ledger_position=position, parts=parts)


def same(left, right):
    return canonical(left.parts) == canonical(right.parts) and left.stamp == right.stamp


def test_a_state_comes_back_as_it_was(stores, states, session, opened):
    state = image(stores, session)
    assert states.save(state, states.next_revision(session.session_id))
    found = states.load(session.session_id)
    assert same(found, state)
    views = [decode(TradeView, view) for view in found.parts["positions"]["trades"]]
    assert views == list(stores.trades.active(session.session_id))
    assert decode(Session, found.parts["session"]) == stores.sessions.get(session.session_id)


def test_without_a_state_there_is_none(states, session):
    assert states.load(session.session_id) is None


def test_a_state_is_deleted_whole(stores, states, session, opened):
    states.save(image(stores, session), states.next_revision(session.session_id))
    states.delete(session.session_id)
    assert states.load(session.session_id) is None


def test_sessions_do_not_touch_each_other(stores, states, session, opened):
    other = world.session()
    stores.sessions.create(other)
    for each in (session, other):
        states.save(image(stores, each), states.next_revision(each.session_id))
    states.delete(other.session_id)
    assert same(states.load(session.session_id), image(stores, session))


def test_an_older_write_is_refused(stores, states, session, opened):
    first, second = (states.next_revision(session.session_id) for _ in range(2))
    new = image(stores, session)
    assert states.save(new, second)
    assert states.save(replace(new, ledger_position=1), first) is False
    change = stores.snapshots.change(session.session_id, [opened[0].trade.trade_id])
    assert states.apply(change, first) is False
    assert same(states.load(session.session_id), new)


def test_nothing_is_changed_where_nothing_is(stores, states, session, opened):
    change = stores.snapshots.change(session.session_id, [opened[0].trade.trade_id])
    assert states.apply(change, states.next_revision(session.session_id)) is None
    assert states.load(session.session_id) is None


def test_changes_add_up_to_the_image(stores, states, session, opened, keeper):
    keeper.reload_from_snapshot()
    first, second, third = (each.trade for each in opened)
    stores.trades.record(world.filled(opened[0].on(Venue.BINANCE)), NOW_NS)
    keeper.write([first.trade_id])
    ended = replace(second, state=TradeState.CLOSED, closed_at_ns=NOW_NS, pnl_krw=Decimal("-1234.5"))
    stores.trades.add_orders(ended, ())
    stores.sessions.set_mode(session.session_id, Mode.REDUCE_ONLY, "test", NOW_NS + 1)
    keeper.write([second.trade_id])
    found = states.load(session.session_id)
    assert same(found, image(stores, session))
    ids = {view["trade"]["trade_id"] for view in found.parts["positions"]["trades"]}
    assert ids == {first.trade_id, third.trade_id}


def test_a_wiped_store_is_written_whole_again(stores, states, session, opened, keeper):
    keeper.reload_from_snapshot()
    states.delete(session.session_id)
    keeper.write([opened[0].trade.trade_id])
    assert same(states.load(session.session_id), image(stores, session))


def test_an_old_copy_is_not_believed_and_replaced(stores, states, session, opened, keeper):
    keeper.reload_from_snapshot()
    old = states.load(session.session_id)
    stores.trades.record(world.filled(opened[0].on(Venue.BINANCE)), NOW_NS)
    states.save(old, states.next_revision(session.session_id))
    assert same(keeper.read(), image(stores, session))
    health = keeper.check_redis_health()
    assert (health.reachable, health.current, health.why) == (True, False, "state_differs")
    assert keeper.check_redis_health().current
    assert same(states.load(session.session_id), image(stores, session))


def test_three_failures_are_fallback_and_the_return_ends_it(stores, session, opened, keeper):
    keeper.states = gone = MemoryStateStore(away=True)
    for number in range(1, FAILURES_MAX + 1):
        with pytest.raises(HotStateUnavailable):
            keeper.write([])
        status = keeper.get_fallback_status()
        assert (status.failures, status.active) == (number, number == FAILURES_MAX)
    held = stores.sessions.get(session.session_id)
    assert (held.mode, held.mode_reason) == (Mode.REDUCE_ONLY, reason_text(Cause.FALLBACK))
    assert same(keeper.read(), image(stores, session))
    gone.away = False
    keeper.look()
    assert stores.sessions.get(session.session_id).mode is Mode.NORMAL
    assert not keeper.get_fallback_status().active
    (recovery,) = stores.sessions.recoveries(session.session_id, 9)
    assert (recovery.component, recovery.lost_at_ns) == ("redis", held.mode_changed_at_ns)
    assert same(gone.load(session.session_id), image(stores, session))


def test_fallback_is_seen_by_a_process_that_had_no_failure(stores, session, keeper):
    other = replace(keeper, states=MemoryStateStore(away=True))
    for _ in range(FAILURES_MAX):
        other.check_redis_health()
    since_ns = stores.sessions.get(session.session_id).mode_changed_at_ns
    status = keeper.get_fallback_status()
    assert (status.active, status.failures, status.since_ns) == (True, 0, since_ns)


def test_fallback_never_allows_more_than_before(stores, session, keeper):
    stores.sessions.set_mode(session.session_id, Mode.HALTED, "kill switch", NOW_NS)
    keeper.states = gone = MemoryStateStore(away=True)
    for _ in range(FAILURES_MAX):
        assert not keeper.check_redis_health().reachable
    gone.away = False
    assert keeper.check_redis_health().reachable
    assert stores.sessions.get(session.session_id).mode_reason == "kill switch"


@pytest.mark.parametrize("is_back", [False, True])
def test_what_halts_a_session_while_fallback_begins_or_ends_stays(stores, session, keeper, is_back):
    keeper.states = gone = MemoryStateStore(away=True)
    for _ in range(FAILURES_MAX - 1):
        assert not keeper.check_redis_health().reachable
    if is_back:
        keeper.check_redis_health()
        assert stores.sessions.get(session.session_id).mode_reason == reason_text(Cause.FALLBACK)
    gone.away = not is_back
    keeper.sessions = Raced(stores.sessions)
    keeper.check_redis_health()
    found = stores.sessions.get(session.session_id)
    assert (found.mode, found.mode_reason) == (Mode.HALTED, Raced.REASON)
    assert stores.sessions.recoveries(session.session_id, 9) == ()


@pytest.mark.integration
def test_the_names_and_texts_are_for_people(stores, session, opened, redis_url):
    with connect(redis_url) as client:
        states = RedisStateStore(client, "mock")
        states.save(image(stores, session), states.next_revision(session.session_id))
        prefix = f"arbitrage:state:mock:{session.session_id}"
        assert {key.decode() for key in client.keys(f"{prefix}:*")} == {f"{prefix}:{name}" for name in PARTS}
        assert all(client.ttl(key) == -1 for key in client.keys(f"{prefix}:*"))
        text = client.hget(f"{prefix}:positions", f"trade:{opened[0].trade.trade_id}")
        assert b'"quantity":"0.01"' in text
        assert client.hget(f"{prefix}:risk_guard", "mode") == b'"normal"'
