"""`arb kill` and its kin where no stack runs."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from arb.cli.main import app
from arb.domain.errors import ConfigError
from arb.stack.errors import StackNotRunning
from arb.stack.home import Home

RUN = CliRunner()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ARB_DATABASE_URL", "ARB_REDIS_URL", "ARB_MODE", "ARB_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARB_HOME", str(tmp_path))
    return tmp_path


def test_kill_without_a_stack_holds_for_the_next_one(home: Path):
    done = RUN.invoke(app, ["kill", "--reason", "storm", "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["reason"], report["complete"]) == ("storm", True)
    assert report["switched_ms"] < 10_000
    assert json.loads(Home(home).kill_file.read_text())["reason"] == "storm"


def test_kill_again_keeps_the_first_reason(home: Path):
    RUN.invoke(app, ["kill", "--reason", "first"])
    done = RUN.invoke(app, ["kill", "--reason", "second"])
    assert "killed: first" in done.stdout


def test_kill_without_a_stack_is_one_line_that_says_what_stays_set(home: Path):
    done = RUN.invoke(app, ["kill", "--reason", "storm"])
    (line,) = done.output.splitlines()
    assert "no stack runs" in line
    assert "`arb unkill`" in line


def test_unkill_without_a_stack_releases_the_switch(home: Path):
    RUN.invoke(app, ["kill"])
    done = RUN.invoke(app, ["unkill"])
    assert (done.exit_code, Home(home).kill_file.exists()) == (0, False)
    assert "the switch is released" in done.output
    again = RUN.invoke(app, ["unkill"])
    assert (again.exit_code, "nothing was killed" in again.output) == (0, True)


def test_settings_that_cannot_be_read_do_not_keep_the_switch_off(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ARB_RISK__NO_SUCH_KEY", "1")
    done = RUN.invoke(app, ["kill"])
    assert done.exit_code == 1
    assert "could not be done: risk.no_such_key: unknown key" in done.stdout
    assert Home(home).kill_file.exists()


@pytest.mark.parametrize("reason", ["stopping", "killed: storm"])
def test_a_reason_that_the_engine_acts_on_is_refused(home: Path, reason: str):
    done = RUN.invoke(app, ["mode", "reduce-only", "--reason", reason])
    assert isinstance(done.exception, ConfigError)
    assert "use other words" in str(done.exception)


@pytest.mark.parametrize("arguments", [["mode"], ["mode", "normal"], ["reconcile"]])
def test_what_needs_a_running_stack_says_so(home: Path, arguments: list[str]):
    done = RUN.invoke(app, arguments)
    assert isinstance(done.exception, StackNotRunning)
