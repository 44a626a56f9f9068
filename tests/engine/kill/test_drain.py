"""Coming to rest stops a session, and keeps the reason of whoever stopped it first."""

from dataclasses import replace

from arb.domain.risk.review import Mode
from tests.engine.races import Raced
from tests.engine.town import SESSION, Town


def test_a_drain_halts_with_its_reason():
    town = Town()
    town.drain.begin("stopping")
    session = town.sessions.get(SESSION)
    assert (session.mode, session.mode_reason) == (Mode.HALTED, "stopping")


def test_what_halts_a_session_while_its_drain_begins_keeps_its_reason():
    town = Town()
    replace(town.drain, sessions=Raced(town.sessions)).begin("stopping")
    assert town.sessions.get(SESSION).mode_reason == Raced.REASON


def test_what_restricts_a_session_while_its_drain_begins_is_halted_all_the_same():
    town = Town()
    replace(town.drain, sessions=Raced(town.sessions, mode=Mode.REDUCE_ONLY)).begin("stopping")
    session = town.sessions.get(SESSION)
    assert (session.mode, session.mode_reason) == (Mode.HALTED, "stopping")
