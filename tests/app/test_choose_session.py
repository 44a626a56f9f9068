"""A start on real servers: which session is in use then, and whose counts are told."""

import pytest

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.redis.client import connect
from arb.adapters.redis.counters import RedisCounters
from arb.app.choose_session import SessionChoice, choose_session
from arb.app.health import begin_watch
from arb.app.session import SessionPlace
from arb.stack.home import Home
from config.settings import load

pytestmark = pytest.mark.integration


@pytest.fixture
def start(tmp_path, database_url, redis_url):
    """Do what a start does before its processes."""
    settings = load(environ={"ARB_HOME": str(tmp_path), "ARB_MODE": "mock", "ARB_REDIS_URL": redis_url})
    place = SessionPlace.of(settings, {})

    def started(**choice):
        session_id = choose_session(
            SessionChoice(**choice), database_url, place, SystemClock(), SystemEntropy(), lambda _text: None
        )
        begin_watch(Home(tmp_path), settings, session_id)
        return session_id

    return started


def test_a_session_that_goes_on_keeps_its_counts_and_another_one_begins_anew(start, redis_url):
    with connect(redis_url) as client:
        counters = RedisCounters(client, "mock")
        counters.count("orders_sent", "of a session before")
        first = start()
        assert counters.read() == {}
        counters.count("orders_sent", "upbit")
        assert start() == first
        assert counters.read() == {"orders_sent": {"upbit": 1}}
        for another in ({"clean": True}, {"fresh": True}, {"data": "books"}, {"session": first}):
            start(**another)
            assert counters.read() == {}, another
            counters.count("orders_sent", "upbit")
