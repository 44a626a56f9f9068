"""A kill that was heard of: stopped at once, let go on only when SQL says that it is over."""

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.local.kill_switch import FileKillSwitch, MemoryKillSwitch
from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.tables import MemoryTables
from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.engine.kill.follow_kill import FollowKill
from arb.ports.trading import Session
from tests.engine.books import NOW_NS

SESSION = SessionId("followed")


@pytest.fixture(params=["memory", "file"])
def switch(request, tmp_path):
    return MemoryKillSwitch() if request.param == "memory" else FileKillSwitch(tmp_path / "kill.json")


class World:
    def __init__(self, switch) -> None:
        self.switch, self.clock = switch, ManualClock(NOW_NS)
        self.sessions = MemorySessionStore(MemoryTables())
        self.sessions.create(
            Session(
                session_id=SESSION,
                environment="mock",
                started_at_ns=NOW_NS,
                mode=Mode.NORMAL,
                mode_reason="test",
                mode_changed_at_ns=NOW_NS,
            )
        )
        self.follow = FollowKill(session_id=SESSION, switch=switch, sessions=self.sessions, clock=self.clock)

    def decide(self, mode: Mode, reason: str, at_ns: int) -> None:
        self.sessions.set_mode(SESSION, mode, reason, at_ns)


@pytest.fixture
def world(switch) -> World:
    return World(switch)


def test_a_kill_that_is_heard_of_stops_at_once(world):
    world.follow.kill({"reason": "by hand", "at_ns": NOW_NS + 1})
    assert (world.switch.engaged(), world.switch.engaged_at_ns()) == ("by hand", NOW_NS + 1)


def test_a_kill_that_was_missed_is_found_in_the_mode(world):
    world.decide(Mode.HALTED, f"{reason_text(Cause.KILLED)}by hand", NOW_NS + 5)
    world.follow.look()
    assert world.switch.engaged() == "by hand"


def test_an_unkill_lets_go_on(world):
    world.follow.kill({"reason": "by hand", "at_ns": NOW_NS + 1})
    world.decide(Mode.NORMAL, reason_text(Cause.UNKILLED), NOW_NS + 9)
    world.follow.look()
    assert world.switch.engaged() is None


def test_a_kill_that_is_heard_of_after_it_was_over_stops_nothing(world):
    world.decide(Mode.NORMAL, reason_text(Cause.UNKILLED), NOW_NS + 9)
    world.follow.kill({"reason": "by hand", "at_ns": NOW_NS + 1})
    assert world.switch.engaged() is None


def test_a_kill_that_the_database_never_heard_of_stays(world):
    world.decide(Mode.NORMAL, reason_text(Cause.UNKILLED), NOW_NS + 1)
    world.follow.kill({"reason": "by hand", "at_ns": NOW_NS + 5})
    world.follow.look()
    assert world.switch.engaged() == "by hand"


def test_a_switch_that_was_pulled_by_hand_here_stays_while_nobody_decided_anything(world):
    world.switch.engage("here", NOW_NS)
    world.follow.look()
    assert world.switch.engaged() == "here"


def test_a_switch_that_cannot_be_read_is_never_let_go(tmp_path):
    path = tmp_path / "kill.json"
    path.write_text("torn")
    world = World(FileKillSwitch(path))
    world.decide(Mode.NORMAL, reason_text(Cause.UNKILLED), NOW_NS + 9)
    world.follow.look()
    assert world.switch.engaged() is not None
