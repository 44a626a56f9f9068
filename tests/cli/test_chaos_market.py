"""What `arb chaos market` says without running anything."""

from pathlib import Path

from arb.chaos.market.scenarios import SCENARIOS
from tests.cli.command import arb


def test_the_list_has_a_line_for_each_scenario(tmp_path: Path) -> None:
    ended = arb(tmp_path, "chaos", "market", "--list")
    assert ended.returncode == 0
    assert [line.split()[0] for line in ended.stdout.splitlines()] == [each.name for each in SCENARIOS]


def test_a_scenario_that_there_is_not_is_one_line_with_those_there_are(tmp_path: Path) -> None:
    ended = arb(tmp_path, "chaos", "market", "--only", "flood")
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "flood" in ended.stderr and "venue_gone" in ended.stderr


def test_a_fault_that_cannot_be_planted_is_one_line(tmp_path: Path) -> None:
    ended = arb(tmp_path, "chaos", "market", "--plant", "tree")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
