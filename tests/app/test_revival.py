"""Who restarts workers that do not work may be one of them."""

from types import SimpleNamespace

import redis

from arb.adapters.local.clock import ManualClock
from arb.adapters.redis.counters import BufferedRedisCounters, RedisCounters
from arb.app.revival import revive_of
from config.settings import load


def test_what_a_process_counts_before_it_kills_itself_is_written_at_once(redis_url, tmp_path, monkeypatch):
    monkeypatch.setenv("ARB_HOME", str(tmp_path))
    settings = load("mock")
    with redis.Redis.from_url(redis_url) as client:
        written = RedisCounters(client, settings.scope)
        stores = SimpleNamespace(redis=client, heartbeats=None, counters=BufferedRedisCounters(written))
        shared = SimpleNamespace(settings=settings, stores=stores, clock=ManualClock(), alerts=None)
        revive_of(shared).counters.count("workers_revived", "worker-evaluate")
        assert written.read() == {"workers_revived": {"worker-evaluate": 1}}
