"""What Flower starts with: never without a password, on loopback, asking no worker for events."""

import runpy
import socket
from pathlib import Path

import pytest

from arb.adapters import collector
from arb.runtime.files import write_private
from arb.runtime.home import Home, Runtime

CONFIGURATION = str(Path(__file__).resolve().parents[2] / "flowerconfig.py")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("FLOWER_BASIC_AUTH", "FLOWER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARB_HOME", str(tmp_path))
    monkeypatch.setattr(collector, "settle", lambda: None)  # this process goes on
    home = Home(tmp_path)
    home.create()
    return home


def test_without_a_password_it_does_not_start() -> None:
    with pytest.raises(SystemExit, match="flower needs a password"):
        runpy.run_path(CONFIGURATION)


def test_an_empty_password_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWER_BASIC_AUTH", "")
    monkeypatch.setenv("FLOWER_ADDRESS", "0.0.0.0")
    with pytest.raises(SystemExit, match="flower needs a password"):
        runpy.run_path(CONFIGURATION)


def test_beside_a_stack_it_takes_the_stacks_password_and_stays_on_loopback(own_home: Home) -> None:
    credentials = own_home.run / "flower-credentials"
    write_private(credentials, "arb:made-up\n")
    own_home.write_runtime(runtime_of(own_home, str(credentials)))
    with socket.socket(socket.AF_UNIX) as supervisor:
        supervisor.bind(str(own_home.control_socket()))
        supervisor.listen()
        found = runpy.run_path(CONFIGURATION)
    assert (found["address"], found["basic_auth"]) == ("127.0.0.1", ["arb:made-up"])
    assert found["enable_events"] is False
    assert found["max_tasks"] <= 1_000


def runtime_of(home: Home, credentials: str) -> Runtime:
    return Runtime(
        home=str(home.path),
        mode="mock",
        redis_url="redis://127.0.0.1:1/0",
        database_url="postgresql://127.0.0.1:1/arb",
        control_socket=str(home.control_socket()),
        supervisor_pid=1,
        flower_url=None,
        flower_credentials=credentials,
        web_url=None,
        web_credentials=None,
        simulators={},
        session={},
    )
