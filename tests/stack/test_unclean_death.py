"""kill -9 anywhere: what should come back comes back, what should be gone is gone, the next start works."""

import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from arb.stack.errors import StackError, StackNotRunning
from arb.stack.home import CHECKOUT, read_runtime
from arb.stack.lifecycle import Stack
from arb.stack.servers import TEMPORARY_PREFIX, remove_abandoned
from arb.stack.shutdown import stop_stack
from arb.stack.signals import descendants, marked_processes
from arb.stack.status import stack_status
from arb.stack.supervise import Lifetime
from arb.stack.wait import wait_until
from tests.stack.stand_ins import (
    a_stack,
    kill_9,
    kill_all_9,
    pids,
    redis_of,
    wait_gone,
    wait_restarted,
    wait_serving,
)

pytestmark = [pytest.mark.integration, pytest.mark.stack]


def run_sql(stack: Stack, statement: str) -> list[tuple]:
    url = make_url(stack_status(stack.home).runtime.database_url).set(drivername="postgresql")
    connection = psycopg2.connect(url.render_as_string(hide_password=False))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_a_killed_redis_comes_back_with_its_data(home):
    stack = a_stack(home)
    stack.start()
    with redis_of(stack) as client:
        client.set("queue", "kept")
    killed = pids(stack)["redis"]
    kill_9(killed)
    wait_restarted(stack, "redis", killed)
    with redis_of(stack) as client:
        assert client.get("queue") == b"kept"
    (status,) = [each for each in stack_status(stack.home).processes if each.name == "redis"]
    assert (status.starts, status.exits) == (2, 1)


def test_a_killed_postgres_comes_back_with_what_was_committed(home):
    stack = a_stack(home)
    stack.start()
    run_sql(stack, "CREATE TABLE postgres_killed (n int)")
    run_sql(stack, "INSERT INTO postgres_killed VALUES (1)")
    killed = pids(stack)["postgres"]
    kill_9(killed)
    wait_restarted(stack, "postgres", killed)
    wait_serving(stack)
    assert run_sql(stack, "SELECT n FROM postgres_killed") == [(1,)]


def test_a_killed_worker_comes_back(home):
    stack = a_stack(home)
    stack.start()
    killed = pids(stack)["worker"]
    kill_9(killed)
    wait_restarted(stack, "worker", killed)


def test_a_killed_supervisor_takes_everything_along_and_the_next_start_works(home):
    stack = a_stack(home)
    stack.start()
    with redis_of(stack) as client:
        client.set("queue", "kept")
    run_sql(stack, "CREATE TABLE supervisor_killed (n int)")
    before = pids(stack)
    kill_9(before["supervisor"])
    wait_gone(list(before.values()))
    with pytest.raises(StackNotRunning):
        stack_status(stack.home)
    stack.start()
    with redis_of(stack) as client:
        assert client.get("queue") == b"kept"
    assert run_sql(stack, "SELECT count(*) FROM supervisor_killed") == [(0,)]


def test_a_stack_killed_whole_starts_again_at_once(home):
    stack = a_stack(home)
    stack.start()
    run_sql(stack, "CREATE TABLE all_killed (n int)")
    kill_all_9([process.pid for process in descendants(pids(stack)["supervisor"])])
    stack.start()
    assert stack_status(stack.home).is_healthy
    assert run_sql(stack, "SELECT count(*) FROM all_killed") == [(0,)]


def test_what_a_killed_stack_left_behind_can_be_stopped(home):
    stack = a_stack(home)
    stack.start()
    before = pids(stack)
    orphan = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(1e6)"], env={"STACK_OF_ARB": str(home.path)}
    )
    kill_9(before["supervisor"])
    wait_until(
        lambda: None if orphan.pid in [each.pid for each in marked_processes(home)] else "no mark yet",
        limit_s=5,
        what="the orphan",
    )
    stop_stack(home)
    orphan.wait(5)
    wait_gone(list(before.values()), limit_s=0)


STARTER = """
    import sys, time
    from arb.stack.home import Home
    from arb.stack.supervise import Lifetime
    from tests.stack.stand_ins import a_stack
    a_stack(Home(sys.argv[1]), lifetime=Lifetime[sys.argv[2]]).start()
    print("up", flush=True)
    if sys.argv[2] == "CALLER":
        time.sleep(1e6)
"""


def start_elsewhere(home, lifetime: Lifetime) -> subprocess.Popen:
    """Start a stack from another process and return that process once the stack is up."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STARTER), str(home.path), lifetime.name],
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.stdout.close()
    return process


def test_a_stack_of_its_caller_ends_when_the_caller_is_killed(home):
    caller = start_elsewhere(home, Lifetime.CALLER)
    before = pids(a_stack(home))
    caller.kill()
    caller.wait()
    wait_gone(list(before.values()), limit_s=20)
    with pytest.raises(StackNotRunning):
        read_runtime(home)


def test_a_detached_stack_outlives_its_starter(home):
    starter = start_elsewhere(home, Lifetime.DETACHED)
    assert starter.wait(10) == 0
    assert stack_status(home).is_healthy


def test_a_stack_of_its_caller_is_refused_outside_the_main_thread(home, in_thread):
    with pytest.raises(StackError, match="main thread"):
        in_thread(a_stack(home, lifetime=Lifetime.CALLER).start)


OWNER = """
    import sys, time
    from arb.stack.servers import servers_only
    with servers_only() as servers:
        print(servers.postgres.process.directory, flush=True)
        time.sleep(1e6)
"""


def test_servers_of_a_killed_owner_end_and_their_home_is_removed_by_the_next():
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNER)], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    )
    assert owner.stdout is not None
    data = owner.stdout.readline().strip()
    owner.stdout.close()
    children = [process.pid for process in descendants(owner.pid)]
    assert len(children) > 2
    owner.kill()
    owner.wait()
    wait_gone(children)
    assert TEMPORARY_PREFIX in data
    remove_abandoned()
    assert not Path(data).exists()
