"""The orders of all processes at a venue: counted in one place, the last room taken once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from arb.adapters.local.clock import SystemClock, SystemEntropy
from arb.adapters.redis.client import connect
from arb.adapters.redis.order_limit import RedisOrderLimit, order_limit_key
from arb.adapters.venues.rate_limit import Limit
from arb.domain.errors import StoreUnavailable
from arb.domain.market.ids import Venue
from arb.domain.time import NS_PER_MS

KEY = order_limit_key("mock", "account", Venue.UPBIT)


def processes(url: str, number: int, limit: Limit) -> list[RedisOrderLimit]:
    return [RedisOrderLimit(connect(url), KEY, limit, SystemEntropy()) for _ in range(number)]


def test_processes_at_once_take_no_more_than_there_is(redis_url):
    limits = processes(redis_url, 6, Limit(count=25, period_ms=60_000))
    with ThreadPoolExecutor(6) as pool:
        waits = [
            wait
            for each in pool.map(lambda limit: [limit.take() for _ in range(20)], limits)
            for wait in each
        ]
    assert waits.count(0) == 25
    assert all(0 < wait <= 60_000 * NS_PER_MS for wait in waits if wait)


def test_room_comes_back_when_it_said(redis_url):
    first, second = processes(redis_url, 2, Limit(count=2, period_ms=300))
    assert [first.take(), second.take()] == [0, 0]
    wait_ns = first.take()
    assert 0 < wait_ns <= 300 * NS_PER_MS
    SystemClock().sleep_ms(wait_ns // NS_PER_MS + 1)
    assert second.take() == 0


def test_nothing_is_left_of_it_after_a_while(redis_url):
    (limit,) = processes(redis_url, 1, Limit(count=2, period_ms=100))
    limit.take()
    with connect(redis_url) as client:
        assert 100 < client.pttl(KEY) <= 1_100


def test_a_server_that_is_away_is_said_to_be():
    (limit,) = processes("redis://127.0.0.1:1/0", 1, Limit(count=2, period_ms=100))
    with pytest.raises(StoreUnavailable):
        limit.take()
