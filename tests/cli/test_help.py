"""Every command's help ends with an example that can be typed; exit codes and the reference are theirs."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Command, UsageError
from typer.main import get_command

from arb.cli import output
from arb.cli.main import app
from tests.cli.test_main import leaves

CHECKOUT = Path(__file__).parents[2]
MODULES = sorted((CHECKOUT / "arb" / "cli").rglob("*.py"))
NAMES = {"DONE", "FAILED", "BAD_USE", "NOT_RUNNING", "INTERRUPTED"}


COMMANDS = dict(leaves(get_command(app), "arb"))


def example_of(command: Command) -> str:
    """Return what the last paragraph of its help says to type; empty if it is no example."""
    found = re.fullmatch(r"Example: (.+)", (command.help or "").strip().split("\n\n")[-1])
    return found[1] if found else ""


def parse(command: Command, name: str, example: str) -> None:
    """Parse an example as the command line would, without running it.

    Raises: UsageError if it has an option, a value or an argument that the command does not take.
    """
    words, path = shlex.split(example), name.split()
    if words[: len(path)] != path:
        raise UsageError(f"{example!r} is not of `{name}`")
    command.make_context(name, words[len(path) :])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_an_example_that_parses(name: str) -> None:
    example = example_of(COMMANDS[name])
    assert example, f"the help of `{name}` has to end with a paragraph `Example: {name} ...`"
    parse(COMMANDS[name], name, example)


@pytest.mark.parametrize("example", ["arb down --now", "arb up", "arb down 3"])
def test_an_example_of_another_command_or_with_what_it_does_not_take_is_found(example: str) -> None:
    with pytest.raises(Exception, match=r"No such option|is not of|unexpected extra"):
        parse(COMMANDS["arb down"], "arb down", example)


def exits_in(source: str) -> Iterator[str]:
    """Return what is given to every `typer.Exit` and `sys.exit` of a module, each branch for itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("typer.Exit", "sys.exit", "SystemExit"):
            code = node.args[0] if node.args else ast.Constant(None)
            branches = (code.body, code.orelse) if isinstance(code, ast.IfExp) else (code,)
            yield from map(ast.unparse, branches)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(CHECKOUT)))
def test_commands_end_with_the_exit_codes_of_the_table(module: Path) -> None:
    found = set(exits_in(module.read_text()))
    if module.name == "main.py":
        found.remove("code")  # of _fail, below
        found |= set(re.findall(r"_fail\(.+, (\w+)\)$", module.read_text(), re.MULTILINE))
    assert found <= NAMES


def test_a_bare_number_as_an_exit_code_is_found() -> None:
    assert set(exits_in("raise typer.Exit(FAILED if bad else 7)\nsys.exit(3)\nraise typer.Exit()")) == {
        "FAILED", "7", "3", "None",
    }  # fmt: skip


def test_the_table_has_every_exit_code_and_the_docs_say_the_same() -> None:
    assert {getattr(output, name) for name in NAMES} == set(output.EXIT_CODES)
    rows = re.findall(
        r"^\| (\d+) \| (.+) \|$", (CHECKOUT / "docs" / "operations.md").read_text(), re.MULTILINE
    )
    of_processes = {4: "of a process of the stack: the watchdog ended it"}
    assert {int(code): text for code, text in rows} == output.EXIT_CODES | of_processes


def test_the_command_reference_is_of_these_commands(tmp_path: Path) -> None:
    made = tmp_path / "commands.md"
    typer = [sys.executable, "-m", "typer", "arb.cli.main", "utils", "docs", "--name", "arb"]
    subprocess.run([*typer, "--output", str(made)], check=True, cwd=CHECKOUT, capture_output=True)
    committed = (CHECKOUT / "docs" / "commands.md").read_text()
    assert committed == made.read_text(), "`make docs` writes docs/commands.md anew"
