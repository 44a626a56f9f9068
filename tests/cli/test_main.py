"""The `arb` command without a stack: one line that says what to do, and an exit code."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Command
from typer.main import get_command

from arb.cli.main import app
from tests.cli.command import arb


@pytest.mark.parametrize("command", ["check", "trades", "orders", "snapshot", "positions"])
def test_without_a_stack_a_command_says_so(command: str, tmp_path: Path) -> None:
    ended = arb(tmp_path, command)
    assert ended.returncode == 3
    assert ended.stderr == f"arb: no stack is running in {tmp_path}; start one with `arb up --mode mock`\n"


def test_status_without_a_stack_is_one_line_and_exit_code_three(tmp_path: Path) -> None:
    ended = arb(tmp_path, "status", "--json")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert len(ended.stderr.splitlines()) == 1


def leaves(command: Command, name: str) -> Iterator[tuple[str, Command]]:
    """Return every command that does something, with its whole name."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for part, command in below.items():
        yield from leaves(command, f"{name} {part}")


def test_every_command_that_says_something_can_say_it_as_json() -> None:
    found = {
        name for name, command in leaves(get_command(app), "arb") if "--json" not in str(options_of(command))
    }
    assert found == {"arb world"}


def options_of(command: Command) -> list[list[str]]:
    return [parameter.opts for parameter in command.params]


def test_shell_completion_can_be_had(tmp_path: Path) -> None:
    ended = arb(tmp_path, _ARB_COMPLETE="complete_bash", COMP_WORDS="arb pos", COMP_CWORD="1")
    assert "positions" in ended.stdout


def test_help_lists_every_command(tmp_path: Path) -> None:
    ended = arb(tmp_path, "--help")
    assert ended.returncode == 0
    for command in (
        "report",
        "check",
        "status",
        "trades",
        "orders",
        "snapshot",
        "config",
        "demo",
        "up",
        "down",
        "top",
        "web",
        "soak",
        "positions",
        "balances",
        "pnl",
    ):
        assert command in ended.stdout


SPEAK = """
import sys

import structlog

from arb.cli import main


@main.app.command()
def speak() -> None:
    structlog.get_logger("arb.safety").warning("alert_raised")
    print("{}")


sys.argv = ["arb", "speak"]
main.main()
"""


def test_what_is_logged_on_the_way_is_no_part_of_the_document() -> None:
    command = [sys.executable, "-c", SPEAK]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == "{}\n"
    assert "alert_raised" in ended.stderr


def test_help_comes_at_once_since_nothing_heavy_is_imported_for_it() -> None:
    asked = "import sys, arb.cli.main; print(*{name.partition('.')[0] for name in sys.modules})"
    ended = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60
    )
    heavy = {"sqlalchemy", "celery", "numpy", "pyarrow", "redis", "pydantic", "aiohttp"}
    assert heavy.isdisjoint(ended.stdout.split())
