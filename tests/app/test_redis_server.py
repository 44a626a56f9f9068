"""A Redis of one's own that loses work: live mode refuses it, the others say so, and a change is told."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from arb.adapters.redis.client import connect
from arb.adapters.redis.durability import RedisDurability
from arb.app.redis_server import check
from arb.domain.errors import ConfigError
from arb.domain.health.durability import EVICTS, FORGETS, TOO_SMALL
from config.settings import RunMode

pytestmark = pytest.mark.integration
UNSAFE = {
    EVICTS: ("maxmemory-policy", "allkeys-lru"),
    FORGETS: ("appendonly", "no"),
    TOO_SMALL: ("maxmemory", "10mb"),
}


@pytest.fixture
def server(redis_url: str) -> Iterator[Any]:
    """A Redis that is safe, whatever the one of the tests is, and as it was afterwards."""
    with connect(redis_url) as client:
        names = ("maxmemory-policy", "appendonly", "maxmemory")
        before = {name: client.config_get(name)[name] for name in names}
        for name, value in zip(names, ("noeviction", "yes", "0"), strict=True):
            client.config_set(name, value)
        yield client
        for name, value in before.items():
            client.config_set(name, value)


def settings(mode: RunMode) -> Any:
    return SimpleNamespace(mode=mode)


def test_a_safe_server_is_not_mentioned(server: Any, redis_url: str):
    told: list[str] = []
    check(settings(RunMode.LIVE), redis_url, told.append)
    assert told == []


@pytest.mark.parametrize("kind", UNSAFE)
def test_live_mode_refuses_a_server_that_loses_work_and_others_warn(server: Any, redis_url: str, kind: str):
    server.config_set(*UNSAFE[kind])
    with pytest.raises(ConfigError, match=r"^redis_url: Redis .*; ") as refusal:
        check(settings(RunMode.LIVE), redis_url, lambda _: None)
    assert "\n" not in str(refusal.value)
    for mode in (RunMode.MOCK, RunMode.PAPER):
        told: list[str] = []
        check(settings(mode), redis_url, told.append)
        assert [line.startswith("warning: Redis ") for line in told] == [True]


@pytest.mark.parametrize("kind", UNSAFE)
def test_a_change_while_it_runs_is_seen(server: Any, kind: str):
    durability = RedisDurability(server)
    assert durability.look().found == ()
    server.config_set(*UNSAFE[kind])
    assert durability.look().found == (kind,)


def test_a_server_that_refuses_to_be_looked_at_is_said_to(server: Any, redis_url: str):
    server.execute_command("ACL", "SETUSER", "guest", "on", ">guest", "~*", "+@all", "-info", "-config")
    try:
        told: list[str] = []
        parts = urlsplit(redis_url)
        check(settings(RunMode.LIVE), f"redis://guest:guest@{parts.hostname}:{parts.port}/0", told.append)
        assert "does not say" in told[0]
    finally:
        server.execute_command("ACL", "DELUSER", "guest")
