"""What Flower starts with, from any directory: a password, loopback, and no events asked of any worker."""

import http.client
import os
import runpy
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from arb.adapters.local import collector
from arb.stack.files import write_private
from arb.stack.home import Home, Runtime
from tests.free_port import free_port

CONFIGURATION = str(Path(__file__).resolve().parents[2] / "config" / "flowerconfig.py")
FLOWER = (sys.executable, "-m", "celery", "-A", "arb", "flower")
NEEDED = "flower needs a password"
ELSEWHERE = "127.0.0.2"  # an address of this machine on which only what listens on all of them answers
UP_S = 60.0


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
    with pytest.raises(SystemExit, match=NEEDED):
        runpy.run_path(CONFIGURATION)


def test_an_empty_password_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWER_BASIC_AUTH", "")
    monkeypatch.setenv("FLOWER_ADDRESS", "0.0.0.0")
    with pytest.raises(SystemExit, match=NEEDED):
        runpy.run_path(CONFIGURATION)


def test_beside_a_stack_it_takes_the_stacks_password(own_home: Home) -> None:
    credentials = own_home.flower_credentials_file
    write_private(credentials, "arb:made-up\n")
    own_home.write_runtime(runtime_of(own_home, str(credentials)))
    with socket.socket(socket.AF_UNIX) as supervisor:
        supervisor.bind(str(own_home.control_socket()))
        supervisor.listen()
        found = runpy.run_path(CONFIGURATION)
    assert found["basic_auth"] == ["arb:made-up"]
    assert found["enable_events"] is False
    assert found["max_tasks"] <= 1_000


def environment(home: Home, **own: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ARB_", "FLOWER_"))}
    return clean | {"ARB_HOME": str(home.path), "ARB_REDIS_URL": "redis://127.0.0.1:1/0"} | own


def elsewhere(home: Home) -> Path:
    """Return a directory that has nothing to do with the checkout."""
    folder = home.path / "elsewhere"
    folder.mkdir()
    return folder


@contextmanager
def flower(folder: Path, environ: dict[str, str]) -> Iterator[int]:
    """Run Flower from a directory; yield the port on which it answers."""
    port = free_port()
    process = subprocess.Popen(
        [*FLOWER, f"--port={port}"],
        cwd=folder,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_s = time.monotonic() + UP_S
        while not listens("127.0.0.1", port):
            assert process.poll() is None and time.monotonic() < until_s
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def listens(address: str, port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((address, port)) == 0


def answer(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/workers?json=1")
    status = connection.getresponse().status
    connection.close()
    return status


def test_outside_the_checkout_it_does_not_start_without_a_password_either(own_home: Home) -> None:
    said = subprocess.run(
        [*FLOWER, f"--port={free_port()}"], cwd=elsewhere(own_home), env=environment(own_home),
        capture_output=True, text=True, check=False, timeout=UP_S,
    )  # fmt: skip
    assert said.returncode != 0
    assert NEEDED in said.stderr


def test_outside_the_checkout_it_asks_for_the_password_on_loopback(own_home: Home) -> None:
    environ = environment(own_home, FLOWER_BASIC_AUTH="arb:made-up")
    with flower(elsewhere(own_home), environ) as port:
        assert answer(port) == 401
        assert not listens(ELSEWHERE, port)


def test_with_a_configuration_of_the_users_own_it_stays_on_loopback(own_home: Home) -> None:
    own = own_home.path / "own.py"
    own.write_text("enable_events = False\n")
    with flower(elsewhere(own_home), environment(own_home, FLOWER_CONF=str(own))) as port:
        assert answer(port) == 200
        assert not listens(ELSEWHERE, port)


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
