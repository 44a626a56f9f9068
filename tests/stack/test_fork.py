"""Programs that begin as a copy of what started them are what they would be if they had been executed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from arb.stack.fork import PRELOADED, module_of, status_of
from arb.stack.home import Home
from arb.stack.process_spec import Phase, ProcessSpec
from arb.stack.shutdown import stop_stack
from arb.stack.signals import marked_processes
from arb.stack.wait import wait_until
from tests.stack.stand_ins import a_stack, kill_9, pids

PARENT = """
import os, signal, sys
from arb.stack.fork import become
signal.signal(signal.SIGTERM, lambda *_: None)
signal.signal(signal.SIGCHLD, lambda *_: None)
child = os.fork()
if not child:
    become(os.getppid(), os.execve, sys.executable, sys.argv[1:], {"ONLY": "this"})
sys.exit((256 + os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])) % 256)
"""
PROGRAM = """
import atexit, json, os, signal, sys, threading, time
import arb.stack.fork
told = {
    "argv": sys.argv[1:], "name": __name__, "only": os.environ.get("ONLY"), "home": os.environ.get("HOME"),
    "term": signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
    "child": signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL,
    "int": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
}
print(json.dumps(told))
atexit.register(print, "at exit")
threading.Thread(target=lambda: (time.sleep(0.1), print("of a thread"))).start()
"""


def spec(*command: str, **options: object) -> ProcessSpec:
    return ProcessSpec(name="p", command=command, phase=Phase.WORKERS, **options)


def run(folder: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(code)
    command = spec(sys.executable, "-m", "program", *arguments).launch_command()
    path = os.pathsep.join((str(folder), str(Path(__file__).parents[2])))
    return subprocess.run(
        [sys.executable, "-c", PARENT, *command], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": path, "HOME": "/of/the/parent"}, check=False,
    )  # fmt: skip


def test_a_program_has_its_own_arguments_environment_and_signals_and_ends_as_ever(tmp_path: Path) -> None:
    ended = run(tmp_path, PROGRAM, "feed", "--deep")
    told, *rest = ended.stdout.splitlines()
    assert json.loads(told) == {
        "argv": ["feed", "--deep"], "name": "__main__", "only": "this", "home": None,
        "term": True, "child": True, "int": True,
    }  # fmt: skip
    assert (rest, ended.returncode) == (["of a thread", "at exit"], 0)


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('arb: no such venue')", 1, "arb: no such venue"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 256 - 15, ""),
    ],
)
def test_it_ends_with_the_status_that_it_would_have(
    tmp_path: Path, code: str, status: int, said: str
) -> None:
    ended = run(tmp_path, code)
    assert ended.returncode == status
    assert said in ended.stderr


def test_what_is_no_module_or_wants_more_of_the_launcher_is_executed() -> None:
    assert module_of(spec(sys.executable, "-m", "workers.feed", "feed").launch_command()) == (
        "TERM", "workers.feed", ["feed"],
    )  # fmt: skip
    assert module_of(spec(sys.executable, "-m", "celery", stop_signal="INT").launch_command()) == (
        "INT", "celery", [],
    )  # fmt: skip
    for other in (
        spec("redis-server", "redis.conf"),
        spec(sys.executable, "program.py"),
        spec(sys.executable, "-m", "workers.feed", user="postgres"),
        spec(sys.executable, "-m", "workers.feed", directory=Path("/")),
    ):
        assert module_of(other.launch_command()) is None
    assert module_of((sys.executable, "-m", "workers.feed")) is None


def test_a_status_is_a_byte() -> None:
    assert [status_of(code) for code in (None, 0, 2, 256 + 7)] == [0, 0, 2, 7]


def test_what_is_imported_before_reads_no_settings_starts_no_thread_and_opens_nothing() -> None:
    code = (
        "import importlib, os, threading; before = os.listdir('/proc/self/fd')\n"
        f"for name in {PRELOADED!r}: importlib.import_module(name)\n"
        "from config.addresses import settings\n"
        "assert settings.cache_info().currsize == 0\n"
        "assert threading.active_count() == 1\n"
        "assert os.listdir('/proc/self/fd') == before\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=600)


@pytest.mark.integration
@pytest.mark.stack
@pytest.mark.skipif(sys.platform != "linux", reason="names are those of /proc")
def test_a_stack_forks_what_is_a_module_and_stops_it_as_ever(home: Home) -> None:
    server = spec(sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1")
    stack = a_stack(home, [server])
    stack.start()
    found = pids(stack)
    process = psutil.Process(found["p"])
    assert (process.name(), process.ppid()) == ("http.server", found["supervisor"])
    assert " ".join(process.cmdline()).rstrip() == f"{sys.executable} -m http.server 0 --bind 127.0.0.1"
    kill_9(process.pid)
    wait_until(
        lambda: None if pids(stack)["p"] not in (process.pid, 0) else "the next one", limit_s=60, what="it"
    )
    stop_stack(stack.home)
    assert marked_processes(home) == []
