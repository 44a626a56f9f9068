"""`arb report` and its kin where no stack runs."""

import json
from pathlib import Path

from arb.stack.home import Home
from tests.cli.command import arb


def test_report_without_a_stack_and_without_a_past_is_one_line(tmp_path: Path) -> None:
    ended = arb(tmp_path, "report")
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "no run has ended there yet" in ended.stderr


def test_report_after_a_run_is_what_was_kept_of_it(tmp_path: Path) -> None:
    kept = {"fills": 3, "trades_opened": 2}
    Home(tmp_path).report_file.write_text(json.dumps(kept))
    ended = arb(tmp_path, "report", "--json")
    assert ended.returncode == 0
    assert json.loads(ended.stdout) == kept


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
