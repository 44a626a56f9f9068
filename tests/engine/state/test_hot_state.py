"""The hot copy of a session: kept up, mistrusted, rebuilt, and given up after failures in a row."""

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.states import MemoryStateStore
from arb.domain.errors import Conflict, DataError, HotStateUnavailable, StoreUnavailable
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.engine.state.hot_state import ATTEMPTS, FAILURES_MAX, FallbackStatus, KeepHotState, RedisHealth
from tests.contracts import world
from tests.contracts.backends import memory_stores
from tests.engine.testbed import Uncounted

NOW_NS = world.NOW_NS


class Overtaken(MemoryStateStore):
    """A store in which somebody else writes first, so many times."""

    times = 0

    def _overtake(self) -> bool:
        self.times -= 1
        return self.times >= 0

    def save(self, state, revision):
        return False if self._overtake() else super().save(state, revision)

    def apply(self, change, revision):
        return False if self._overtake() else super().apply(change, revision)


class Kept:
    """A keeper of one session, and all that it keeps."""

    def __init__(self) -> None:
        self.stores, self.states, self.clock = memory_stores(), Overtaken(), ManualClock(NOW_NS)
        self.counters, self.session = Uncounted(), world.session()
        self.session_id = self.session.session_id
        self.stores.sessions.create(self.session)
        for entry in world.openings(self.session_id):
            self.stores.trades.book_entry(self.session_id, entry, NOW_NS)
        self.keeper = KeepHotState(
            session_id=self.session_id, states=self.states, snapshots=self.stores.snapshots,
            sessions=self.stores.sessions, counters=self.counters, clock=self.clock,
        )  # fmt: skip

    def open(self):
        made = world.opening(self.session_id)
        self.stores.trades.open_trade(made.proposal, made.orders, world.LIMITS, NOW_NS)
        return made.trade.trade_id

    def fail(self, times: int) -> None:
        """Have the store not answer so many times in a row, a second apart."""
        self.states.away = True
        for _ in range(times):
            with pytest.raises(HotStateUnavailable):
                self.keeper.look()
            self.clock.advance_ms(1_000)
        self.states.away = False

    def copy(self):
        return self.states.load(self.session_id)

    def is_current(self) -> bool:
        found = self.copy()
        return found is not None and found.stamp == self.stores.snapshots.stamp(self.session_id)

    def mode(self) -> tuple[Mode, str]:
        found = self.stores.sessions.get(self.session_id)
        return found.mode, found.mode_reason


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_the_first_write_brings_the_whole_state(kept):
    kept.keeper.write([kept.open()])
    assert kept.is_current()


def test_a_write_brings_what_changed(kept):
    kept.keeper.reload_from_snapshot()
    trade_id = kept.open()
    assert not kept.is_current()
    kept.keeper.write([trade_id])
    assert kept.is_current()


def test_a_write_that_forgot_a_trade_leaves_a_copy_that_is_not_believed(kept):
    kept.keeper.reload_from_snapshot()
    trade_id = kept.open()
    kept.keeper.write([])
    read = kept.keeper.read()
    assert [view["trade"]["trade_id"] for view in read.parts["positions"]["trades"]] == [trade_id]
    assert read != kept.copy()


@pytest.mark.parametrize("times", [1, ATTEMPTS - 1])
def test_a_write_that_others_overtook_is_made_again(kept, times):
    kept.keeper.reload_from_snapshot()
    trade_id = kept.open()
    kept.states.times = times
    kept.keeper.write([trade_id])
    assert kept.is_current()


def test_a_write_that_others_overtake_all_along_is_given_up(kept):
    kept.keeper.reload_from_snapshot()
    kept.states.times = ATTEMPTS
    with pytest.raises(Conflict):
        kept.keeper.write([])


def test_after_a_failure_a_write_rebuilds_the_whole_copy(kept):
    kept.keeper.reload_from_snapshot()
    kept.fail(1)
    kept.open()
    kept.keeper.write([])
    assert kept.is_current()


def test_a_check_finds_no_copy_and_makes_one(kept):
    assert kept.keeper.check_redis_health() == RedisHealth(True, False, "state_missing")
    assert kept.counters.counts["state_reloads", "state_missing"] == 1
    assert kept.keeper.check_redis_health() == RedisHealth(True, True)


def test_a_comparison_says_the_same_and_changes_nothing(kept):
    for _ in range(2):
        assert kept.keeper.compare() == RedisHealth(True, False, "state_missing")
    assert kept.copy() is None


def test_a_comparison_with_a_store_that_is_away_is_no_failure(kept):
    kept.states.away = True
    for _ in range(FAILURES_MAX):
        assert not kept.keeper.compare().reachable
    assert kept.keeper.get_fallback_status().failures == 0


def test_a_copy_that_cannot_be_read_is_replaced(kept):
    kept.keeper.reload_from_snapshot()
    load = kept.states.load

    def broken(_session_id):
        raise DataError("state_unreadable")

    object.__setattr__(kept.keeper, "states", Broken(kept.states, broken))
    assert kept.keeper.check_redis_health() == RedisHealth(True, False, "state_unreadable")
    assert load(kept.session_id) is not None


class Broken:
    def __init__(self, states, load) -> None:
        self._states, self.load = states, load

    def __getattr__(self, name):
        return getattr(self._states, name)


def test_what_is_read_while_the_store_is_away_is_what_sql_says(kept):
    trade_id = kept.open()
    kept.states.away = True
    read = kept.keeper.read()
    assert [view["trade"]["trade_id"] for view in read.parts["positions"]["trades"]] == [trade_id]
    assert kept.counters.counts["state_reads", "from_sql"] == 1


def test_failures_are_counted_from_the_first_of_them(kept):
    kept.fail(2)
    assert kept.keeper.get_fallback_status() == FallbackStatus(False, 2, NOW_NS, "memory state store is away")


@pytest.mark.parametrize(
    ("failures", "mode"), [(FAILURES_MAX - 1, Mode.NORMAL), (FAILURES_MAX, Mode.REDUCE_ONLY)]
)
def test_the_third_failure_in_a_row_allows_no_new_trades(kept, failures, mode):
    kept.fail(failures)
    assert kept.mode()[0] is mode


def test_fallback_is_entered_and_left_once(kept):
    kept.fail(FAILURES_MAX + 2)
    kept.keeper.look()
    counts = {reason: count for (name, reason), count in kept.counters.counts.items()}
    assert counts == {"entered": 1, "left": 1}
    assert kept.mode()[0] is Mode.NORMAL


def test_fallback_is_left_with_a_copy_that_is_whole(kept):
    kept.fail(FAILURES_MAX)
    kept.open()
    kept.keeper.look()
    assert kept.is_current()


def test_a_mode_that_a_person_set_is_neither_taken_for_fallback_nor_lifted(kept):
    kept.stores.sessions.set_mode(kept.session_id, Mode.REDUCE_ONLY, "by hand", NOW_NS)
    kept.fail(FAILURES_MAX)
    kept.keeper.look()
    assert kept.mode() == (Mode.REDUCE_ONLY, "by hand")
    assert kept.stores.sessions.recoveries(kept.session_id, 9) == ()


def test_another_process_lifts_the_fallback_that_one_left(kept):
    """It died while the store was away; who finds the store there again ends it."""
    kept.stores.sessions.set_mode(kept.session_id, Mode.REDUCE_ONLY, reason_text(Cause.FALLBACK), NOW_NS)
    kept.keeper.look()
    assert kept.mode()[0] is Mode.NORMAL
    assert len(kept.stores.sessions.recoveries(kept.session_id, 9)) == 1


def test_a_database_that_is_away_is_no_failure_of_the_store(kept):
    class Away:
        def stamp(self, _session_id):
            raise StoreUnavailable("sql is away")

    kept.keeper.reload_from_snapshot()
    kept.keeper.snapshots = Away()
    with pytest.raises(StoreUnavailable):
        kept.keeper.check_redis_health()
    assert kept.keeper.get_fallback_status().failures == 0
