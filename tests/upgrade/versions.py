"""Two versions of the program on one machine: an old one out of git's history, and this checkout.

Neither is imported here. Each is called as a person would, by its `arb`, in an environment of its own.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

CHECKOUT: Final = Path(__file__).resolve().parents[2]
OLD_PACKAGES: Final = ("arb", "workers", "beat", "config", "migrations")
COMMAND_S_MAX: Final = 120
# What a stack, or whoever runs the tests, may have set, and what tells Python where its modules are.
FOREIGN: Final = ("ARB_", "FLOWER_", "PYTHONPATH", "STACK_OF_ARB")
OLD_ARB: Final = "import sys; from arb.cli import main; sys.argv[0] = 'arb'; main()"
WHERE: Final = """
import importlib, sys
for name in sys.argv[1:]:
    print(importlib.import_module(name).__path__[0])
"""

Place = tuple[Path, str | None]  # where a process looks for modules: its directory and its PYTHONPATH


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of the code: where it lies, and how its `arb` is called."""

    tree: Path
    command: tuple[str, ...]
    packages: tuple[str, ...] = ("arb",)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def places(self) -> list[str]:
        """Return where its packages are."""
        return [str(self.tree / package) for package in self.packages]

    def places_found_by(self, place: Place) -> list[str]:
        """Return where a Python that looks for modules there finds them."""
        directory, path = place
        environment = bare_environment() | ({} if path is None else {"PYTHONPATH": path})
        done = run(sys.executable, "-c", WHERE, *self.packages, cwd=directory, environment=environment)
        return done.stdout.splitlines()


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A home, the version that is responsible for it, and the settings that are meant to hold there."""

    home: Path
    version: Version
    settings: Mapping[str, str]

    def arb(self, *arguments: str) -> str:
        """Run a command, which has to succeed; return what it printed."""
        version = self.version
        environment = {**bare_environment(), **version.variables, **self.settings, "ARB_HOME": str(self.home)}
        done = run(*version.command, *arguments, cwd=version.tree, environment=environment)
        assert done.returncode == 0, f"arb {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


def this_version() -> Version:
    """Return the version under test: what is installed beside the Python that runs the tests."""
    return Version(tree=CHECKOUT, command=(str(Path(sys.executable).with_name("arb")),))


def old_version(commit: str, tree: Path) -> Version:
    """Unpack a version out of git's history; skip the test where git does not have it."""
    if shutil.which("git") is None:
        pytest.skip("needs git, for the code of an older version")
    packed = subprocess.run(
        ("git", "-C", str(CHECKOUT), "archive", "--format=tar", commit, *OLD_PACKAGES, "pyproject.toml"),
        capture_output=True,
    )
    if packed.returncode != 0:
        why = packed.stderr.decode(errors="replace").strip()
        pytest.skip(
            f"needs commit {commit[:7]}, which a shallow clone or a copy without history lacks: {why}"
        )
    tree.mkdir()
    subprocess.run(("tar", "-x", "-C", str(tree)), input=packed.stdout, check=True)
    # Once for all: a dozen processes would compile the same modules side by side.
    subprocess.run((sys.executable, "-m", "compileall", "-q", "-j", "0", str(tree)), check=True)
    # It comes before what is installed in the environment, which is this checkout.
    variables = {"PYTHONPATH": str(tree)}
    command = (sys.executable, "-c", OLD_ARB)
    return Version(tree=tree, command=command, packages=OLD_PACKAGES, variables=variables)


def run(*command: str, cwd: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=COMMAND_S_MAX
    )


def bare_environment() -> dict[str, str]:
    """Return this process's environment without anything that could turn one stack into another."""
    return {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
