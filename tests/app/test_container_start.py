"""The process that holds a session between containers, on real servers and simulated exchanges."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from arb.adapters.local.clock import SystemClock
from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.redis.client import connect
from arb.adapters.redis.counters import RedisCounters
from arb.adapters.redis.state import RedisStateStore
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.stack.home import CHECKOUT
from tests.adapters.venues.simulators import KEYS, running
from tests.domain.markets import PAIR

pytestmark = pytest.mark.integration
BEGUN_S_MAX = 60
RESTED_S_MAX = 40
MIGRATE = (sys.executable, "-c", "from arb.cli.main import main; main()", "migrate", "--json")
HOLD = (sys.executable, "-m", "workers.session")
SUSPENDED = (Mode.REDUCE_ONLY, "upbit suspended its wallet")


@pytest.fixture
def environ(tmp_path, database_url, redis_url):
    """Of containers beside two simulated exchanges."""
    with running(tmp_path) as simulators:
        yield {
            **os.environ,
            "ARB_HOME": str(tmp_path),
            "ARB_MODE": "mock",
            "ARB_COINS": "BTC",
            "ARB_DATABASE_URL": database_url,
            "ARB_REDIS_URL": redis_url,
            **{f"ARB_{venue.upper()}__REST_URL": simulators[venue].url for venue in PAIR.venues},
            **{f"ARB_{venue.upper()}__CREDENTIALS__KEY": KEYS[venue].key for venue in PAIR.venues},
            **{f"ARB_{venue.upper()}__CREDENTIALS__SECRET": KEYS[venue].secret for venue in PAIR.venues},
        }


@pytest.fixture
def sessions(database_url):
    database = make_engine(database_url)
    yield SqlSessionStore(database)
    database.dispose()


@pytest.fixture
def states(redis_url):
    with connect(redis_url) as client:
        yield RedisStateStore(client, "mock")


def migrated(environ):
    done = subprocess.run(MIGRATE, cwd=CHECKOUT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["session_id"]


@contextmanager
def held(environ):
    """Hold the session, and come to rest at the end."""
    process = subprocess.Popen(HOLD, cwd=CHECKOUT, env=environ)
    try:
        yield
        process.terminate()
        assert process.wait(RESTED_S_MAX) == 0
    finally:
        process.kill()
        process.wait()


def wait_for(condition):
    deadline_s = time.monotonic() + BEGUN_S_MAX
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.1)


def test_counts_are_of_the_session_that_a_start_goes_on_with(environ, redis_url):
    session_id = migrated(environ)
    with connect(redis_url) as client:
        counters = RedisCounters(client, "mock")
        counters.count("orders_sent", "upbit", 3)
        assert migrated(environ) == session_id
        assert counters.read() == {"orders_sent": {"upbit": 3}}
        other_account = {"ARB_UPBIT__CREDENTIALS__KEY": "another-key"}
        assert migrated(environ | other_account) != session_id
        assert counters.read() == {}


def test_a_container_goes_on_where_the_last_one_stopped(environ, sessions, states, redis_url):
    session_id = migrated(environ)
    with held(environ):
        wait_for(lambda: sessions.get(session_id).mode_reason != reason_text(Cause.STARTING))
        sessions.set_mode(session_id, *SUSPENDED, SystemClock().now_ns())
    assert sessions.get(session_id).mode_reason == reason_text(Cause.STOPPING)
    assert sessions.recoveries(session_id, 9) == ()
    with connect(redis_url) as client:
        client.flushall()

    assert migrated(environ) == session_id
    with held(environ):
        wait_for(lambda: sessions.recoveries(session_id, 9))
        session = sessions.get(session_id)
        assert (session.mode, session.mode_reason) == SUSPENDED
        assert states.load(session_id) is not None
    (recovery,) = sessions.recoveries(session_id, 9)
    assert (recovery.component, recovery.cause) == ("session", "stopped")
    assert f"session {session_id}: snapshot on_stop" in recovery.detail
