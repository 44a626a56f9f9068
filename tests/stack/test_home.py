"""Where things are, and how a stack is found."""

import ast
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from arb.stack.errors import StackError, StackNotRunning
from arb.stack.home import CHECKOUT, SOCKET_PATH_BYTES_MAX, Home, Runtime, read_runtime, read_settings

# A stack that an older version left behind is found under these names.
NAMES = {
    "runtime_file": "runtime.json", "report_file": "report.json", "check_file": "check.json",
    "alerts_file": "logs/critical_alerts.log", "sim_file": "sim/sim.json",
    "settings_file": "run/settings.json", "lock_file": "run/lock", "ports_file": "run/ports.json",
    "redis_conf": "run/redis.conf", "redis_password_file": "run/redis-password",
    "postgres_note": "run/postgres", "supervisord_conf": "run/supervisord.conf",
    "supervisord_pid_file": "run/supervisord.pid", "supervisor_password_file": "run/supervisor-password",
    "flower_credentials_file": "run/flower-credentials", "flower_password_file": "run/flower-password",
    "flower_cookie_secret_file": "run/flower-cookie-secret", "web_password_file": "run/web-password",
    "web_cookie_secret_file": "run/web-cookie-secret", "metrics_token_file": "run/metrics-token",
    "kill_file": "run/kill.json", "ending_file": "run/ending.json",
    "stop_file": "run/stop.json", "watchdog_file": "run/watchdog.json",
    "revival_file": "run/revival.json", "degradation_file": "run/degradation.json",
    "quiet_file": "run/quiet.json",
}  # fmt: skip
WORDS = frozenset({"lock", "postgres", "sockets", "feeds"})  # which mean something else elsewhere
FOLDERS = ("arb", "workers", "beat", "config", "tests")


def a_runtime(home: Home) -> Runtime:
    return Runtime(
        home=str(home.path),
        mode="mock",
        redis_url="redis://:secret@127.0.0.1:1/0",
        database_url="postgresql+psycopg2://postgres@/arb?host=/x",
        control_socket=str(home.control_socket()),
        supervisor_pid=1,
        simulators={"binance": "http://127.0.0.1:2"},
    )


@pytest.fixture
def listening(home: Home):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(home.control_socket()))
        server.listen()
        yield server


def test_default_home_is_in_the_checkout(monkeypatch):
    monkeypatch.delenv("ARB_HOME", raising=False)
    assert Home.default().path == CHECKOUT / ".arb"


def test_default_home_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ARB_HOME", str(tmp_path / "mine"))
    assert Home.default().path == tmp_path / "mine"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_where_older_versions_had_it(tmp_path, name):
    assert getattr(Home(tmp_path), name) == tmp_path / NAMES[name]


def test_what_is_kept_by_name_is_where_older_versions_had_it():
    path = Path("/srv/arb")  # short, as the path of a socket has to be
    home = Home(path)
    assert home.log_file("worker-orders") == path / "logs" / "worker-orders.log"
    assert home.sim_journal("upbit") == path / "sim" / "upbit.jsonl"
    assert home.feed_file("feed-1") == path / "run" / "feeds" / "feed-1.json"
    assert home.feed_file("a/b") == path / "run" / "feeds" / "a-b.json"
    assert home.demo().path == path / "demo"
    assert home.control_socket() == path / "run" / "supervisor.sock"


def test_only_the_home_spells_the_names_below_run():
    below = {Path(path).name for path in NAMES.values() if path.startswith("run/")} | {"supervisor.sock"}
    spelled = [
        f"{file.relative_to(CHECKOUT)}:{line}: {text}"
        for file in modules()
        for line, text in (*paths_below_run(file), *strings(file, below - WORDS))
    ]
    assert spelled == []


def modules() -> Iterator[Path]:
    """Every module but the home and its tests."""
    for folder in FOLDERS:
        yield from (CHECKOUT / folder).rglob("*.py")


def paths_below_run(file: Path) -> Iterator[tuple[int, str]]:
    """Each `something.run / ...` and `... / "run"`."""
    if file.name in ("home.py", "test_home.py"):
        return
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            is_below = isinstance(node.left, ast.Attribute) and node.left.attr == "run"
            if is_below or (isinstance(node.right, ast.Constant) and node.right.value == "run"):
                yield node.lineno, ast.unparse(node)


def strings(file: Path, names: set[str]) -> Iterator[tuple[int, str]]:
    """Each of these names that a module of the product spells; a test may use one for a file of its own."""
    if file.name == "home.py" or file.is_relative_to(CHECKOUT / "tests"):
        return
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and node.value in names:
            yield node.lineno, str(node.value)


def test_reading_a_home_that_does_not_exist_says_what_to_do(tmp_path):
    with pytest.raises(
        StackNotRunning, match=r"no stack is running in .*; start one with `arb up --mode mock`"
    ):
        read_runtime(Home(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_reading_does_not_believe_the_file_of_a_killed_stack(home):
    home.write_runtime(a_runtime(home))
    home.write_settings({"mode": "mock"})
    with pytest.raises(StackNotRunning):
        read_runtime(home)
    assert read_settings(home) == {}


def test_a_dead_socket_file_is_not_a_running_stack(home, listening):
    home.write_runtime(a_runtime(home))
    listening.close()
    assert home.control_socket().exists()
    with pytest.raises(StackNotRunning):
        read_runtime(home)


def test_what_is_written_is_read_while_the_stack_lives(home, listening):
    home.write_runtime(a_runtime(home))
    home.write_settings({"mode": "mock"})
    assert read_runtime(home) == a_runtime(home)
    assert read_settings(home) == {"mode": "mock"}


def test_a_field_of_a_newer_version_is_ignored(home, listening):
    home.write_runtime(a_runtime(home))
    text = home.runtime_file.read_text()
    home.runtime_file.write_text(text.replace('"mode"', '"invented_later": 1, "mode"', 1))
    assert read_runtime(home).mode == "mock"


def test_the_files_with_passwords_are_private(home):
    home.write_runtime(a_runtime(home))
    assert stat.S_IMODE(home.runtime_file.stat().st_mode) == 0o600


def test_sockets_of_a_deep_home_are_short_and_stay_where_they_are(tmp_path, monkeypatch):
    deep = Home(tmp_path / ("d" * 60) / ("e" * 60))
    deep.create()
    before = deep.control_socket(), deep.socket_directory(deep.postgres / "sockets")
    assert all(len(os.fsencode(path)) < SOCKET_PATH_BYTES_MAX for path in before)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert (deep.control_socket(), deep.socket_directory(deep.postgres / "sockets")) == before
    deep.remove()
    assert not before[0].parent.exists()


def test_a_short_directory_of_somebody_else_is_refused(tmp_path):
    deep = Home(tmp_path / ("d" * 60) / ("e" * 60))
    trap = deep.control_socket().parents[1]
    trap.symlink_to(tmp_path)
    try:
        with pytest.raises(StackError, match="belongs to somebody else"):
            deep.create()
    finally:
        trap.unlink()


def test_creating_a_home_leaves_the_permissions_above_it_alone(tmp_path):
    tmp_path.chmod(0o700)
    made = Home(tmp_path / "home")
    made.create()
    made.remove()
    assert stat.S_IMODE(Path(tmp_path).stat().st_mode) == 0o700
