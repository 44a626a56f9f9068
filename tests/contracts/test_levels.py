"""What every store of the levels of premiums promises."""

from collections.abc import Callable, Iterator

import pytest

from arb.adapters.memory.levels import MemoryLevels
from arb.adapters.redis.client import connect
from arb.adapters.redis.levels import RedisLevels
from arb.domain.market.ids import Coin
from arb.engine.market.levels import LevelStore

BTC, ETH = Coin("BTC"), Coin("ETH")


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.integration)])
def levels(request: pytest.FixtureRequest) -> Iterator[Callable[[], LevelStore]]:
    """The store of the same stack, as each of its processes sees it."""
    if request.param == "memory":
        store = MemoryLevels()
        yield lambda: store
        return
    with connect(request.getfixturevalue("redis_url")) as client:
        yield lambda: RedisLevels(client, "paper")


def test_the_newest_text_of_each_coin_is_kept_for_every_process(levels: Callable[[], LevelStore]):
    assert levels().read(BTC) == ""
    levels().keep(BTC, "old")
    levels().keep(BTC, "new")
    levels().keep(ETH, "other")
    assert levels().read(BTC) == "new"
    assert levels().read(ETH) == "other"


@pytest.mark.integration
def test_a_redis_that_is_away_keeps_nothing_and_says_nothing():
    with connect("redis://127.0.0.1:1/0") as client:
        store = RedisLevels(client, "paper")
        store.keep(BTC, "text")
        assert store.read(BTC) == ""


@pytest.mark.integration
def test_a_key_of_another_kind_keeps_nothing(redis_url: str):
    with connect(redis_url) as client:
        client.set("arbitrage:premium:odd", "text")
        store = RedisLevels(client, "odd")
        store.keep(BTC, "text")
        assert store.read(BTC) == ""
        client.delete("arbitrage:premium:odd")
