"""When a session is imaged, and under which slot."""

import pytest

from arb.domain.state.snapshot import SnapshotKind
from arb.domain.time import NS_PER_S
from tests.contracts import world
from tests.contracts.backends import memory_stores
from tests.engine.state.test_resume import snapshot


@pytest.fixture
def stores():
    return memory_stores()


@pytest.fixture
def session(stores):
    made = world.session()
    stores.sessions.create(made)
    return made


@pytest.mark.parametrize("kind", [SnapshotKind.PERIODIC, SnapshotKind.ON_TRADE])
def test_a_slot_is_imaged_once_whoever_asks(stores, session, kind):
    take = snapshot(stores, session)
    assert take.run(kind) is not None
    assert take.run(kind) is None


@pytest.mark.parametrize(("kind", "interval_s"), [(SnapshotKind.PERIODIC, 300), (SnapshotKind.ON_TRADE, 10)])
def test_slots_are_the_intervals_since_the_epoch(stores, session, kind, interval_s):
    assert snapshot(stores, session).run(kind) == f"{kind}:{world.NOW_NS // (interval_s * NS_PER_S)}"


@pytest.mark.parametrize(("kind", "interval_s"), [(SnapshotKind.PERIODIC, 300), (SnapshotKind.ON_TRADE, 10)])
def test_the_next_interval_is_imaged_again(stores, session, kind, interval_s):
    begins_ns = world.NOW_NS // (interval_s * NS_PER_S) * interval_s * NS_PER_S
    taken = [
        snapshot(stores, session, begins_ns + after_ns).run(kind) is not None
        for after_ns in (0, interval_s * NS_PER_S - 1, interval_s * NS_PER_S)
    ]
    assert taken == [True, False, True]


@pytest.mark.parametrize("kind", [SnapshotKind.MANUAL, SnapshotKind.ON_STOP])
def test_who_asks_by_hand_gets_an_image_each_time(stores, session, kind):
    assert snapshot(stores, session, 1).run(kind) is not None
    assert snapshot(stores, session, 2).run(kind) is not None


def test_kinds_have_slots_of_their_own(stores, session):
    assert all(snapshot(stores, session).run(kind) for kind in SnapshotKind)


def test_what_was_taken_and_what_was_not_is_counted(stores, session):
    take = snapshot(stores, session)
    for _ in range(2):
        take.run(SnapshotKind.PERIODIC)
    assert take.counters.counts == {("snapshots", "periodic"): 1, ("snapshots", "slot_taken"): 1}
