"""The life of a stack when all goes well, and when the start does not."""

import json
import subprocess
from functools import partial

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from arb.domain.errors import ConfigError
from arb.stack import shutdown
from arb.stack.control import Supervisor
from arb.stack.errors import StackAlreadyRunning, StackBusy, StackNotRunning, StartFailed
from arb.stack.home import read_runtime, read_settings
from arb.stack.process_spec import Phase, ProcessSpec
from arb.stack.shutdown import stop_stack
from arb.stack.signals import end, marked_processes
from arb.stack.status import stack_status
from arb.stack.wait import wait_until
from tests.free_port import free_port
from tests.stack.stand_ins import (
    ENVIRONMENT,
    SLEEPER,
    STUBBORN,
    a_stack,
    diarists,
    pids,
    python,
    redis_of,
    wait_gone,
)

pytestmark = [pytest.mark.integration, pytest.mark.stack]


def test_a_started_stack_is_found_and_answers(home):
    stack = a_stack(home, settings={"sim": {"seed": 7}}, session={"session_id": "s1"})
    said = []
    runtime = stack.start(said.append)
    assert read_runtime(home) == runtime
    assert read_settings(home) == {
        "sim": {"seed": 7},
        "mode": "mock",
        "redis_url": runtime.redis_url,
        "database_url": runtime.database_url,
    }
    assert stack.is_running()
    assert stack_status(stack.home).is_healthy
    assert {each.name for each in stack_status(stack.home).processes} == {"redis", "postgres", "worker"}
    assert said[0] == "preparing Redis and PostgreSQL"
    assert said[-1] == "waiting until everything runs"
    with redis_of(stack) as client:
        assert client.ping()


def test_a_stopped_stack_leaves_nothing(home):
    stack = a_stack(home)
    stack.start()
    everything = pids(stack).values()
    stop_stack(stack.home)
    wait_gone(list(everything), limit_s=0)
    assert marked_processes(home) == []
    assert not home.runtime_file.exists()
    assert not home.settings_file.exists()
    with pytest.raises(StackNotRunning):
        stack_status(stack.home)
    with pytest.raises(StackNotRunning):
        stop_stack(stack.home)


def test_stopping_goes_from_the_makers_of_work_to_the_servers(home):
    diary = home.path / "diary"
    stack = a_stack(home, diarists(diary))
    stack.start()
    stop_stack(stack.home)
    assert diary.read_text().split() == ["feed", "worker", "simulator"]


def test_a_program_that_ignores_the_request_is_killed(home):
    stack = a_stack(home, [python("worker", STUBBORN, stop_wait_s=1)])
    stack.start()
    everything = pids(stack).values()
    stop_stack(stack.home)
    wait_gone(list(everything), limit_s=0)


def test_a_stack_that_shuts_itself_down_is_said_to_end_and_can_be_stopped(home, monkeypatch):
    monkeypatch.setattr(shutdown, "end", partial(end, polite_wait_s=1))
    stack = a_stack(home, [python("worker", STUBBORN, stop_wait_s=10)])
    stack.start()
    everything = pids(stack).values()
    Supervisor(home).shutdown()
    wait_until(lambda: "still up" if stack.is_running() else None, limit_s=15, what="the shutdown")
    with pytest.raises(StackNotRunning):
        stack_status(stack.home)
    stop_stack(stack.home)
    wait_gone(list(everything), limit_s=0)


def test_any_process_may_stop_a_stack_that_another_started(home):
    a_stack(home).start()
    stop_stack(home)
    assert marked_processes(home) == []


def test_migrations_run_on_the_created_database_before_the_first_worker(home):
    seen = []

    def migrate(url: str) -> None:
        parsed = make_url(url).set(drivername="postgresql")
        psycopg2.connect(parsed.render_as_string(hide_password=False)).close()
        seen.append((parsed.database, [each.name for each in marked_names(home)]))

    stack = a_stack(home, [python("worker", SLEEPER)], migrate=migrate)
    stack.start()
    assert seen == [("arb", [])]


def marked_names(home):
    """What runs of this home and is a stand-in."""
    return [each for each in marked_processes(home) if "sleep" in " ".join(each.cmdline())]


def test_urls_reach_the_processes_in_their_environment_and_nowhere_else(home):
    path = home.path / "environment.json"
    stack = a_stack(
        home, [python("worker", ENVIRONMENT.format(path=str(path)), environment={"OWN": "50%, said"})]
    )
    runtime = stack.start()
    seen = json.loads(path.read_text())
    assert seen["ARB_REDIS_URL"] == runtime.redis_url
    assert seen["ARB_DATABASE_URL"] == runtime.database_url
    assert seen["ARB_HOME"] == str(home.path)
    assert seen["ARB_MODE"] == "mock"
    assert seen["OWN"] == "50%, said"
    password = make_url(runtime.redis_url).password
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert password not in listing


def test_a_second_start_is_refused_in_one_line(home):
    a_stack(home).start()
    with pytest.raises(StackAlreadyRunning) as refused:
        a_stack(home).start()
    assert str(refused.value).count("\n") == 0
    assert "arb down" in str(refused.value)


def test_two_commands_at_once_do_not_meet(home):
    with home.locked(), pytest.raises(StackBusy):
        a_stack(home).start()
    with home.locked(), pytest.raises(StackBusy):
        stop_stack(home)


def test_two_stacks_in_two_homes_live_side_by_side(home, second_home):
    one, two = a_stack(home), a_stack(second_home)
    one.start()
    two.start()
    with redis_of(one) as client:
        client.set("whose", "one")
    stop_stack(one.home)
    with redis_of(two) as client:
        assert client.get("whose") is None
    assert stack_status(two.home).is_healthy


def test_a_program_that_keeps_ending_fails_the_start_with_its_last_words(home):
    stack = a_stack(home, [python("worker", "raise SystemExit('coins: missing; set it')")])
    with pytest.raises(
        StartFailed, match=r"worker did not start: coins: missing; set it \(more in .*worker.log\)"
    ):
        stack.start()
    assert marked_processes(home) == []
    assert not stack.is_running()


def test_a_command_that_does_not_exist_fails_the_start(home):
    stack = a_stack(home, [ProcessSpec(name="worker", command=("/no/such/program",), phase=Phase.WORKERS)])
    with pytest.raises(StartFailed, match="No such file"):
        stack.start()
    assert marked_processes(home) == []


def test_a_migration_that_fails_leaves_nothing_running(home):
    def migrate(_url: str) -> None:
        raise ConfigError("no such revision")

    with pytest.raises(ConfigError, match="no such revision"):
        a_stack(home, migrate=migrate).start()
    assert marked_processes(home) == []


def test_a_configured_server_that_does_not_answer_is_named(home):
    stack = a_stack(home, redis_url="redis://:secret@127.0.0.1:1/0")
    with pytest.raises(ConfigError, match="ARB_REDIS_URL: the server does not answer") as refused:
        stack.start()
    assert "secret" not in str(refused.value)


def test_configured_servers_are_used_and_left_alone(home, servers, redis_url, database_url):
    stack = a_stack(home, redis_url=redis_url, database_url=database_url)
    runtime = stack.start()
    assert (runtime.redis_url, runtime.database_url) == (redis_url, database_url)
    assert {each.name for each in stack_status(stack.home).processes} == {"worker"}
    stop_stack(stack.home)
    assert servers.redis.ping(redis_url) is None


def test_helpers_start_after_trading_has_begun(home):
    def begin(_watch) -> None:
        seen.update({each.name: each.pid is not None for each in Supervisor(home).statuses()})

    seen: dict[str, bool] = {}
    helper = python("helper", SLEEPER, Phase.HELPERS)
    stack = a_stack(home, [python("worker", SLEEPER), helper], begin=begin)
    stack.start()
    assert (seen["worker"], seen["helper"]) == (True, False)
    assert stack_status(stack.home).is_healthy


def test_a_begin_that_fails_leaves_nothing_running(home):
    def begin(_watch) -> None:
        raise ConfigError("trading stays halted")

    with pytest.raises(ConfigError, match="trading stays halted"):
        a_stack(home, begin=begin).start()
    assert marked_processes(home) == []


def test_a_program_that_keeps_ending_is_told_to_who_waits_in_begin(home):
    def begin(watch) -> None:
        wait_until(lambda: watch() or "waiting", limit_s=60, what="a worker that never comes")

    with pytest.raises(StartFailed, match="worker did not start"):
        a_stack(home, [python("worker", "raise SystemExit('no')")], begin=begin).start()


def test_the_start_waits_until_a_simulator_is_healthy(home, tmp_path):
    (tmp_path / "health").write_text("ok")
    port = free_port()
    server = python(
        "sim",
        f"import http.server as h, functools as f; h.HTTPServer(('127.0.0.1', {port}), "
        f"f.partial(h.SimpleHTTPRequestHandler, directory={str(tmp_path)!r})).serve_forever()",
        Phase.SIMULATORS,
        health_url=f"http://127.0.0.1:{port}/health",
    )
    stack = a_stack(home, [server])
    stack.start()
    assert stack_status(stack.home).is_healthy


def test_a_program_that_is_killed_comes_back_as_another_process(home):
    stack = a_stack(home)
    stack.start()
    before = pids(stack)["worker"]
    Supervisor(home).kill("worker")
    wait_until(
        lambda: None if pids(stack).get("worker") not in (None, before) else "not back",
        limit_s=20,
        what="the next one",
    )
    stop_stack(stack.home)
