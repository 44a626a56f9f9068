"""An emergency stop is remembered by the home, whichever process asks and whatever was torn."""

import json
from dataclasses import replace

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.local.shared_file import SharedFile
from arb.adapters.local.stop_memory import FileStopMemory
from arb.domain.risk.stop import Stop

STOP = Stop(session_id="mock-1", reason="watchdog: x", began_ns=5, halted=True, waits_for=("one", "two"))


def memory(path) -> FileStopMemory:
    return FileStopMemory(SharedFile(path, ManualClock()))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept" / "stop.json"


def test_none_is_under_way_where_nobody_began_one(path):
    assert memory(path).read() is None
    assert memory(path).update(lambda known: known) is None


def test_what_one_process_noted_another_one_reads_and_changes(path):
    assert memory(path).update(lambda _: STOP) == STOP
    assert memory(path).read() == STOP
    memory(path).update(lambda known: replace(known, told=3))
    assert memory(path).read() == replace(STOP, told=3)


def test_one_that_is_over_is_forgotten(path):
    memory(path).update(lambda _: STOP)
    memory(path).update(lambda _: None)
    assert memory(path).read() is None


def test_what_another_version_noted_besides_is_passed_over(path):
    memory(path).update(lambda _: STOP)
    path.write_text(json.dumps({**json.loads(path.read_text()), "more": 1}))
    assert memory(path).read() == STOP


@pytest.mark.parametrize("text", ["", "{", "[]", '{"reason": "watchdog: x"}', "null"])
def test_what_is_torn_is_none(path, text):
    path.parent.mkdir()
    path.write_text(text)
    assert memory(path).read() is None


def test_where_there_is_no_file_this_process_remembers_by_itself(tmp_path):
    (tmp_path / "kept").write_text("in the way")
    kept = memory(tmp_path / "kept" / "stop.json")
    kept.update(lambda _: STOP)
    assert kept.read() == STOP
