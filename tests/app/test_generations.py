"""Which generation of settings a start goes on with, and what it says of that."""

import os
from dataclasses import replace

import pytest

from arb.adapters.memory.sessions import MemorySessionStore
from arb.adapters.memory.tables import MemoryTables
from arb.app.generations import freeze_in, keep, keep_on, of_session, standing
from arb.stack.home import Home
from config.frozen import in_force
from config.settings import load
from tests.contracts import world

NOW_NS = world.NOW_NS


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The file of a person, of a home where nothing runs."""
    for name in [name for name in os.environ if name.startswith("ARB_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "own.yml"
    path.write_text("")
    monkeypatch.setenv("ARB_CONFIG", str(path))
    monkeypatch.setenv("ARB_HOME", str(tmp_path))
    monkeypatch.setenv("ARB_MODE", "paper")
    return path


@pytest.fixture
def sessions():
    store = MemorySessionStore(MemoryTables())
    store.create(world.session(environment="paper"))
    return store


def begun(sessions, how=freeze_in):
    said = []
    session = sessions.current("paper")
    generation = how(sessions, session.session_id, load(), NOW_NS, said.append)
    return generation.number, said


def test_a_session_begins_with_what_the_files_say_and_goes_on_with_it(own, sessions):
    assert begun(sessions) == (
        1, ["generation 1 of the settings begins: the session has none yet"]
    )  # fmt: skip
    assert begun(sessions) == (1, ["generation 1 of the settings goes on: the files say the same"])
    own.write_text("logs: {level: DEBUG}")
    assert begun(sessions)[0] == 1


def test_a_start_after_an_edit_begins_the_next_one_and_says_what_differs(own, sessions):
    begun(sessions)
    own.write_text('strategy: {entry_edge_bps: "31"}')
    number, said = begun(sessions)
    assert number == 2
    assert said[1:] == ["  strategy.entry_edge_bps: 25 -> 31"]
    own.write_text("")
    assert begun(sessions)[1][1:] == ["  strategy.entry_edge_bps: 31 -> 25"]


def test_a_session_that_runs_keeps_its_own(own, sessions):
    assert begun(sessions, keep_on)[0] == 1
    own.write_text('strategy: {entry_edge_bps: "31"}')
    number, said = begun(sessions, keep_on)
    assert (number, said) == (1, ["generation 1 of the settings goes on: the session runs with it"])
    assert (
        sessions.generation(sessions.current("paper").session_id).settings["strategy"]["entry_edge_bps"]
        == "25"
    )


def test_the_rows_are_right_where_the_copy_is_behind_or_missing(own, sessions, tmp_path):
    begun(sessions)
    session_id = sessions.current("paper").session_id
    keep(Home(tmp_path), sessions.generation(session_id))
    own.write_text('strategy: {entry_edge_bps: "31"}')
    begun(sessions)
    copied = in_force().settings
    assert (copied.generation, copied.strategy.entry_edge_bps) == (1, 25)
    for settings in (copied, load()):
        found = of_session(settings, sessions, sessions.get(session_id))
        assert (found.generation, found.strategy.entry_edge_bps) == (2, 31)


def test_a_session_on_recorded_books_does_not_go_on(own, sessions, tmp_path):
    home = Home(tmp_path)
    begun(sessions)
    newest = sessions.generation(sessions.current("paper").session_id)
    keep(home, replace(newest, settings={**newest.settings, "sim": {"data": "/monday"}}))
    assert list(standing(home)) == [
        "the session has ended with its recorded books: `arb up --data` begins another one"
    ]


def test_a_stopped_home_says_what_the_next_start_does(own, sessions, tmp_path):
    home = Home(tmp_path)
    assert list(standing(home)) == []
    begun(sessions)
    keep(home, sessions.generation(sessions.current("paper").session_id))
    [line] = standing(home)
    assert line == "`arb up` goes on with generation 1 of the settings: the files say the same"
    own.write_text("risk: {trades_open_max: 3}")
    line, change = standing(home)
    assert line.startswith("`arb up` begins generation 2 of the settings")
    assert change == "  risk.trades_open_max: 15 -> 3"
    own.write_text("risk: [")
    [line] = standing(home)
    assert line.startswith("mend the settings before `arb up`: ")


def test_a_home_that_cannot_be_written_stops_no_start(own, sessions, tmp_path):
    begun(sessions)
    (tmp_path / "file").touch()
    keep(Home(tmp_path / "file" / "home"), sessions.generation(sessions.current("paper").session_id))
