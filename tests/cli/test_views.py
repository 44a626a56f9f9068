"""The `arb` command without a stack: one line that says what to do, and an exit code."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Command
from typer.main import get_command

from arb.cli.main import app

CHECKOUT = Path(__file__).resolve().parents[2]


def arb(*arguments: str, home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from arb.cli.main import main; main()", *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "ARB_HOME": str(home), **environ},
    )


@pytest.mark.parametrize("command", ["check", "trades", "orders", "snapshot", "positions"])
def test_without_a_stack_a_command_says_so(command: str, tmp_path: Path) -> None:
    ended = arb(command, home=tmp_path)
    assert ended.returncode == 3
    assert ended.stderr == f"arb: no stack is running in {tmp_path}; start one with `arb up --mode mock`\n"


def test_status_without_a_stack_is_one_line_and_exit_code_three(tmp_path: Path) -> None:
    ended = arb("status", "--json", home=tmp_path)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert len(ended.stderr.splitlines()) == 1


def test_report_without_a_stack_and_without_a_past_is_one_line(tmp_path: Path) -> None:
    ended = arb("report", home=tmp_path)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "no run has ended there yet" in ended.stderr


def test_report_after_a_run_is_what_was_kept_of_it(tmp_path: Path) -> None:
    kept = {"fills": 3, "trades_opened": 2}
    (tmp_path / "report.json").write_text(json.dumps(kept))
    ended = arb("report", "--json", home=tmp_path)
    assert ended.returncode == 0
    assert json.loads(ended.stdout) == kept


def test_a_database_that_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    ended = arb(
        "trades",
        home=tmp_path,
        ARB_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none",
        ARB_REDIS_URL="redis://127.0.0.1:9/0",
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("arb: ")
    assert len(ended.stderr.splitlines()) == 1


def test_configuration_is_shown_with_secrets_masked(tmp_path: Path) -> None:
    ended = arb(
        "config",
        "show",
        home=tmp_path,
        ARB_DATABASE_URL="postgresql://me:hidden@db/arb",
        ARB_BINANCE__CREDENTIALS__KEY="hidden",
        ARB_BINANCE__CREDENTIALS__SECRET="hidden",
    )
    assert ended.returncode == 0
    assert "hidden" not in ended.stdout
    assert "notional_usdt: '1000'" in ended.stdout


def test_a_wrong_setting_is_one_line_that_names_the_key(tmp_path: Path) -> None:
    ended = arb("config", "validate", home=tmp_path, ARB_RISK__TRADES_OPEN_MAX="-1")
    assert ended.returncode == 2
    assert ended.stderr.startswith("arb: risk.trades_open_max: ")
    assert len(ended.stderr.splitlines()) == 1


def test_a_right_configuration_is_said_to_be(tmp_path: Path) -> None:
    ended = arb("config", "validate", "--mode", "paper", home=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "the paper settings are in order\n")


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


def test_settings_as_json_are_masked_and_whole(tmp_path: Path) -> None:
    credentials = {"ARB_BINANCE__CREDENTIALS__KEY": "hidden", "ARB_BINANCE__CREDENTIALS__SECRET": "hidden"}
    ended = arb("config", "show", "--json", home=tmp_path, **credentials)
    assert json.loads(ended.stdout)["strategy"]["notional_usdt"] == "1000"
    assert "hidden" not in ended.stdout


def test_shell_completion_can_be_had(tmp_path: Path) -> None:
    ended = arb(home=tmp_path, _ARB_COMPLETE="complete_bash", COMP_WORDS="arb pos", COMP_CWORD="1")
    assert "positions" in ended.stdout


def test_help_lists_every_command(tmp_path: Path) -> None:
    ended = arb("--help", home=tmp_path)
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
