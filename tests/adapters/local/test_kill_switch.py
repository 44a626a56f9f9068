"""The kill switch as a file, and its twin in memory: one text over both."""

import json
import time
from pathlib import Path

import pytest

from arb.adapters.local.kill_switch import UNREADABLE, FileKillSwitch, MemoryKillSwitch
from arb.ports.trading import KillSwitch
from arb.stack.home import Home

ASK_US_MAX = 50.0  # a stat takes two; the rest is for busy machines


@pytest.fixture(params=["file", "memory"])
def switch(request: pytest.FixtureRequest, tmp_path: Path) -> KillSwitch:
    return FileKillSwitch(Home(tmp_path).kill_file) if request.param == "file" else MemoryKillSwitch()


def test_engaged_until_released(switch: KillSwitch):
    assert switch.engaged() is None
    assert switch.engage("fat finger", 5) == "fat finger"
    assert switch.engaged() == "fat finger"
    switch.release()
    assert switch.engaged() is None


def test_the_first_reason_stays(switch: KillSwitch):
    switch.engage("first", 5)
    assert switch.engage("second", 6) == "first"
    assert switch.engaged() == "first"


def test_releasing_what_is_not_engaged_is_no_error(switch: KillSwitch):
    switch.release()
    assert switch.engaged() is None


def test_the_file_says_why_and_when_and_another_process_sees_it(tmp_path: Path):
    path = tmp_path / "kill.json"
    FileKillSwitch(path).engage("because", 7)
    assert json.loads(path.read_text()) == {"reason": "because", "at_ns": 7}
    assert FileKillSwitch(path).engaged() == "because"
    assert [each.name for each in tmp_path.iterdir()] == ["kill.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null"])
def test_a_file_that_makes_no_sense_is_engaged(tmp_path: Path, text: str):
    path = tmp_path / "kill.json"
    path.write_text(text)
    assert FileKillSwitch(path).engaged() == UNREADABLE


def test_a_directory_in_its_place_is_engaged(tmp_path: Path):
    path = tmp_path / "kill.json"
    path.mkdir()
    assert FileKillSwitch(path).engaged() == UNREADABLE


def test_a_path_that_cannot_be_looked_at_is_engaged(tmp_path: Path):
    Home(tmp_path).run.write_text("no directory")
    engaged = FileKillSwitch(Home(tmp_path).kill_file).engaged()
    assert engaged is not None
    assert engaged.startswith(UNREADABLE)


def test_asking_costs_microseconds(tmp_path: Path):
    switch = FileKillSwitch(tmp_path / "kill.json")
    best_ns = min(_ask_many_ns(switch) for _ in range(5))
    assert best_ns / 1_000 < ASK_US_MAX


def _ask_many_ns(switch: KillSwitch) -> float:
    began_ns = time.perf_counter_ns()
    for _ in range(1_000):
        switch.engaged()
    return (time.perf_counter_ns() - began_ns) / 1_000
