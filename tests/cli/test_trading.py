"""`arb report` and its kin where no stack runs."""

from pathlib import Path

from tests.cli.command import arb


def test_report_without_a_stack_and_without_a_past_is_one_line(tmp_path: Path) -> None:
    ended = arb(tmp_path, "report")
    assert ended.returncode == 3
    assert len(ended.stderr.splitlines()) == 1


def test_a_database_that_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    ended = arb(
        tmp_path,
        "trades",
        ARB_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none",
        ARB_REDIS_URL="redis://127.0.0.1:9/0",
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("arb: ")
    assert len(ended.stderr.splitlines()) == 1
