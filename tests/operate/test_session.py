"""Where a session belongs, and how it came to its end."""

import pytest

from arb.adapters.clock import ManualClock, SeededEntropy
from arb.adapters.memory import MemorySessionStore, MemoryTables
from arb.domain.errors import ConfigError
from arb.domain.risk import Mode
from arb.engine.hot_state import FALLBACK
from arb.operate.session import (
    STARTING,
    STOPPING,
    Place,
    create_session,
    ended_by,
    resume_session,
    take_up_session,
)
from tests.contracts import world

NOTHING = (ManualClock(), SeededEntropy(1))


@pytest.fixture
def sessions():
    return MemorySessionStore(MemoryTables())


@pytest.mark.parametrize(
    ("mode", "reason", "ended"),
    [
        (Mode.NORMAL, "books opened and reconciled", "killed"),
        (Mode.REDUCE_ONLY, FALLBACK, "killed"),
        (Mode.HALTED, STARTING, "killed"),
        (Mode.REDUCE_ONLY, STOPPING, "stopped"),
        (Mode.HALTED, "kill switch", "halted"),
    ],
)
def test_a_session_says_how_it_ended(sessions, mode, reason, ended):
    session = world.session()
    sessions.create(session)
    sessions.set_mode(session.session_id, mode, reason, 1)
    assert ended_by(sessions.get(session.session_id)) == ended


def test_each_group_goes_on_with_its_own_session(sessions):
    one, two = (Place(environment="mock", group=group, account="a") for group in ("one", "two"))
    first = create_session(sessions, one, *NOTHING)
    second = create_session(sessions, two, *NOTHING)
    assert first.startswith("mock-one-")
    assert resume_session(sessions, one, *NOTHING) == first
    assert resume_session(sessions, two, *NOTHING) == second


def test_a_session_that_goes_on_knows_the_account_of_today(sessions):
    place = Place(environment="mock", account="old")
    session_id = create_session(sessions, place, *NOTHING)
    resume_session(sessions, Place(environment="mock", account="new"), *NOTHING)
    assert sessions.get(session_id).account == "new"


def test_a_session_of_another_group_is_refused_with_what_to_do(sessions):
    session_id = create_session(sessions, Place(environment="mock", group="one"), *NOTHING)
    with pytest.raises(ConfigError, match="is of group one; resume it with the same --group"):
        take_up_session(sessions, session_id, Place(environment="mock"), *NOTHING)
