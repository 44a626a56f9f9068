"""Which stack a command is about: the home's, the demo's, or what shares the servers of the environment."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arb.cli import running
from arb.stack.errors import StackNotRunning
from arb.stack.home import Home, Runtime

Supervise = Callable[[Home], None]
SERVERS = {
    "ARB_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "ARB_REDIS_URL": "redis://127.0.0.1:9/0",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in [name for name in os.environ if name.startswith("ARB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ARB_HOME", str(tmp_path))
    return Home(tmp_path)


@pytest.fixture
def supervise() -> Iterator[Supervise]:
    """Let something listen where the supervisor of a home would."""
    listeners = []

    def listen(home: Home) -> None:
        home.create()
        listener = socket.socket(socket.AF_UNIX)
        listeners.append(listener)
        listener.bind(str(home.control_socket()))
        listener.listen()
        home.write_runtime(
            Runtime(
                home=str(home.path),
                mode="mock",
                redis_url="",
                database_url="",
                control_socket=str(home.control_socket()),
                supervisor_pid=1,
            )
        )

    yield listen
    for listener in listeners:
        listener.close()


def test_where_nothing_runs_it_names_the_home(home: Home) -> None:
    with pytest.raises(StackNotRunning, match=str(home.path)):
        running.attach()
    assert running.home_in_force().path == home.path


def test_the_stack_of_the_home_comes_before_the_demo(home: Home, supervise: Supervise) -> None:
    supervise(home)
    supervise(running.demo_home())
    assert running.attach().home.path == home.path
    assert running.lasting().home.path == home.path


def test_a_demo_is_found_and_its_home_is_the_one_in_force(home: Home, supervise: Supervise) -> None:
    supervise(running.demo_home())
    found = running.attach()
    assert (found.home.path, found.supervised().home) == (home.path / "demo", str(home.path / "demo"))
    assert os.environ["ARB_HOME"] == str(home.path / "demo")
    assert running.home_in_force().path == home.path / "demo"


def test_a_demo_is_not_what_lasts(supervise: Supervise) -> None:
    supervise(running.demo_home())
    with pytest.raises(StackNotRunning):
        running.lasting()


@pytest.mark.parametrize("name", ["ARB_DATABASE_URL", "ARB_DATABASE_URL_FILE"])
def test_servers_of_the_environment_are_a_stack_without_a_supervisor(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "somewhere")
    found = running.attach()
    assert (found.home.path, found.runtime, found.status()) == (home.path, None, None)
    with pytest.raises(StackNotRunning):
        found.supervised()


def test_a_supervisor_comes_before_the_servers_of_the_environment(
    supervise: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARB_DATABASE_URL", SERVERS["ARB_DATABASE_URL"])
    supervise(running.demo_home())
    assert running.attach().runtime is not None
