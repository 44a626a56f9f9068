"""When a session is imaged, and under which slot."""

import pytest

from arb.domain.state.snapshot import SnapshotKind
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
