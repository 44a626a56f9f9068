"""The fallback broker's connections: of the whole address, as the stores', and given up as soon."""

import os
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress

import psutil
import psycopg
import pytest
from kombu import Connection, Consumer, Queue
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from arb.adapters.broker.pgmq_transport import conninfo
from arb.adapters.postgres import patience
from arb.adapters.postgres.engine import make_engine
from arb.chaos.queue.broker_sandbox import until
from arb.domain.errors import ConfigError, DispatchError
from tests.adapters.broker.apps import pgmq_fallback, publisher
from tests.adapters.broker.postgres_without_tls import postgres_without_tls

NOWHERE = "redis://127.0.0.1:1/0"
ANSWER_MS = 500
POOL_MS = 1_000  # `pool_timeout` of the apps
SLACK_S = 2.0
KOMBU_S_MAX = 15  # a consumer connects twice more by itself before it says so
integration = pytest.mark.integration
pytestmark = pytest.mark.filterwarnings(r"ignore:list_queues\(\) now returns:UserWarning")
PUBLISH = """
from arb.celery import app
for _ in range(2):
    try:
        app.send_task("arb.settle_trade", ("t-1",))
    except BaseException as error:
        print("told:", type(error).__name__, error)
"""


@pytest.fixture
def app_of():
    """Make publishers whose Redis is away."""
    made = []

    def make(database_url):
        made.append(publisher(NOWHERE, pgmq_fallback(database_url))[0])
        return made[-1]

    yield make
    for app in made:
        app.fallback.close()
        app.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://arb:password@db.example:5432/arb?sslmode=verify-full&sslrootcert=/my%20ca.pem",
            {"host": "db.example", "port": "5432", "sslmode": "verify-full", "sslrootcert": "/my ca.pem"},
        ),
        (
            "postgresql://arb:it%27s%20a%5Cb%3D@/arb?host=/run/pg",
            {"host": "/run/pg", "password": r"it's a\b="},
        ),
        (
            "postgresql://arb@/arb?host=one:5432&host=two:5433&target_session_attrs=read-write",
            {"host": "one,two", "port": "5432,5433", "target_session_attrs": "read-write"},
        ),
    ],
)
def test_every_option_of_the_address_is_kept(url, expected):
    parameters = conninfo_to_dict(conninfo(url))
    assert expected.items() <= parameters.items()
    assert (parameters["user"], parameters["dbname"]) == ("arb", "arb")
    assert (parameters["connect_timeout"], parameters["tcp_user_timeout"]) == ("5", "10000")


def test_options_for_the_server_are_kept_beside_the_limits():
    options = conninfo_to_dict(conninfo("postgresql://arb@h/arb?options=-c%20search_path%3Dmine"))["options"]
    assert options.startswith("-c search_path=mine -c statement_timeout=10000 ")


@pytest.mark.parametrize(
    "url", ["postgresql://arb:secret-word", "secret-word", "postgresql://h/arb?secret=1"]
)
def test_an_address_that_cannot_be_read_is_not_quoted(url):
    with pytest.raises(ConfigError, match="ARB_DATABASE_URL") as error:
        conninfo(url)
    assert "secret-word" not in str(error.value)


def test_a_publisher_is_told_of_a_fallback_that_cannot_be_used_and_no_password_is(tmp_path):
    environment = os.environ | {
        "ARB_MODE": "mock",
        "ARB_HOME": str(tmp_path),
        "ARB_REDIS_URL": NOWHERE,
        "ARB_DATABASE_URL": "postgresql://arb:it%27s-secret@127.0.0.1:1/arb",
    }
    said = subprocess.run(
        [sys.executable, "-c", PUBLISH], env=environment, capture_output=True, text=True, timeout=100
    )
    told = [line.split()[1] for line in said.stdout.splitlines() if line.startswith("told: ")]
    assert told == ["DispatchError"] * 2, said.stderr
    assert "secret" not in said.stdout + said.stderr


def test_no_password_goes_to_a_server_that_refuses_tls(app_of):
    with postgres_without_tls() as (port, passwords):
        app = app_of(f"postgresql://arb:secret@127.0.0.1:{port}/arb?sslmode=require")
        with pytest.raises(DispatchError):
            app.send_task("t.order", args=[1])
        assert passwords == []


@integration
def test_a_password_may_have_any_character(app_of, database_url):
    app = app_of(make_url(database_url).set(password=r"it's a \ b").render_as_string(hide_password=False))
    app.send_task("t.order", args=[1])
    assert taken(app) is not None


@integration
def test_a_server_that_refuses_the_message_is_a_refusal(app_of, database_url):
    app = app_of(f"{database_url}&options=-c%20default_transaction_read_only%3Don")
    app._warm_up()
    with pytest.raises(DispatchError, match="read-only transaction"):
        app.send_task("t.order", args=[1])


@integration
def test_a_server_that_hangs_costs_one_publish_its_limit_and_serves_again(app_of, database_url, monkeypatch):
    monkeypatch.setattr(patience, "ANSWER_MS_MAX", ANSWER_MS)
    app = app_of(database_url)
    app._warm_up()
    with stopped(database_url):
        first, second = refused_after(app), refused_after(app)
    print(f"hangs: refused after {first:.1f} s, then after {second:.1f} s")
    assert first < (ANSWER_MS + POOL_MS) / 1000 + SLACK_S
    assert second < POOL_MS / 1000 + SLACK_S
    assert until(lambda: sent(app), 10)
    assert taken(app) is not None


@integration
def test_a_consumer_gives_a_server_that_hangs_up_and_consumes_again(app_of, database_url, monkeypatch):
    app = app_of(database_url)
    app.send_task("t.order", args=[1])
    got = []
    with app.fallback.connection_for_read() as connection, consumer(connection, got):
        connection.drain_events(timeout=10)
        monkeypatch.setattr(patience, "ANSWER_MS_MAX", ANSWER_MS)
        with stopped(database_url):
            began = time.monotonic()
            with pytest.raises(psycopg.OperationalError):
                connection.drain_events(timeout=30)
            assert time.monotonic() - began < KOMBU_S_MAX
    assert until(lambda: sent(app), 10)
    with app.fallback.connection_for_read() as connection, consumer(connection, got):
        connection.drain_events(timeout=10)
    assert len(got) == 2


@integration
def test_who_waits_for_notifications_has_the_limits_too_and_connects_again(app_of, database_url, monkeypatch):
    app = app_of(database_url)
    with app.fallback.connection_for_write() as connection:
        channel = connection.default_channel
        channel.queue_declare("orders")
        waiter = connection.transport._get_notify_waiter()
        monkeypatch.setattr(patience, "ANSWER_MS_MAX", ANSWER_MS)
        with stopped(database_url), pytest.raises(psycopg.OperationalError, match="did not answer"):
            waiter.register("evaluate")
        waiter.register("evaluate")
        channel._put("orders", {"headers": {}, "properties": {}, "body": ""})
        assert waiter.wait(10)
        channel.queue_purge("orders")


@integration
def test_the_server_itself_ends_what_lasts_too_long(app_of, database_url):
    with (
        app_of(database_url).fallback.connection_for_read() as connection,
        connection.default_channel.pgmq.pool.connection() as made,
    ):
        assert made.execute("SHOW statement_timeout").fetchone() == ("10s",)


@contextmanager
def stopped(database_url):
    """Stop the server and all its backends, with every socket open."""
    engine = make_engine(database_url)
    with closing(engine.raw_connection()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        postmaster = psutil.Process(cursor.fetchone()[0]).parent()
    engine.dispose()
    postmaster.suspend()
    backends = postmaster.children()
    for backend in backends:
        backend.suspend()
    try:
        yield
    finally:
        for process in (*backends, postmaster):
            with suppress(psutil.NoSuchProcess):
                process.resume()


def refused_after(app):
    began = time.monotonic()
    with pytest.raises(DispatchError):
        app.send_task("t.order", args=[1])
    return time.monotonic() - began


def sent(app):
    try:
        app.send_task("t.order", args=[2])
    except DispatchError:
        return False
    return True


def taken(app):
    """Take everything from the queue; return the first message."""
    with app.fallback.connection_for_read() as connection:
        message = connection.default_channel.basic_get("orders", no_ack=True)
        connection.default_channel.queue_purge("orders")
        return message


def consumer(connection: Connection, got):
    def keep(_body, message):
        message.ack()
        got.append(message)

    return Consumer(connection, [Queue("orders")], callbacks=[keep], accept=["json"])


LEAVE = """
from psycopg_pool import ConnectionPool
from arb.adapters.broker.pgmq_transport import close_pools_at_exit
pools = [ConnectionPool("host=127.0.0.1 port=1 connect_timeout=1", min_size=1, open=True) for _ in range(2)]
close_pools_at_exit()
"""


def test_process_with_pools_that_are_open_ends_at_once() -> None:
    began = time.monotonic()
    left = subprocess.run([sys.executable, "-c", LEAVE], capture_output=True, text=True, timeout=60)
    assert left.returncode == 0, left.stderr
    assert time.monotonic() - began < 15  # 5 s for each of eight threads otherwise, from Python 3.13 on
