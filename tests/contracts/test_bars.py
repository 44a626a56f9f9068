"""What every store of barred markets promises."""

from collections.abc import Callable, Iterator

import pytest

from arb.adapters.memory.bars import MemoryBars
from arb.adapters.redis.bars import RedisBars
from arb.adapters.redis.client import connect
from arb.domain.market.ids import Symbol, Venue
from arb.engine.market.bars import BARRED_NS, Bars

KEY = (Venue.BINANCE, Symbol("BTC/USDT"))
NOW_NS = 1_800_000_000_000_000_000


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.integration)])
def bars(request: pytest.FixtureRequest) -> Iterator[Callable[[], Bars]]:
    """The store of the same stack, as each of its processes sees it."""
    if request.param == "memory":
        store = MemoryBars()
        yield lambda: store
        return
    with connect(request.getfixturevalue("redis_url")) as client:
        yield lambda: RedisBars(client, "mock")


def test_what_was_barred_is_barred_for_every_process_until_a_day_later(bars: Callable[[], Bars]):
    bars().add(*KEY, "not permitted", NOW_NS)
    assert bars().read(NOW_NS) == {KEY: "not permitted"}
    assert bars().read(NOW_NS + BARRED_NS - 1) == {KEY: "not permitted"}
    assert bars().read(NOW_NS + BARRED_NS) == {}


def test_what_is_barred_again_is_barred_from_then_on(bars: Callable[[], Bars]):
    bars().add(*KEY, "not permitted", NOW_NS)
    bars().add(*KEY, "restricted", NOW_NS + BARRED_NS)
    assert bars().read(NOW_NS + BARRED_NS) == {KEY: "restricted"}


def test_nothing_is_barred_at_first(bars: Callable[[], Bars]):
    assert bars().read(NOW_NS) == {}


@pytest.mark.integration
def test_a_redis_that_is_away_leaves_a_process_with_what_it_knows():
    with connect("redis://127.0.0.1:1/0") as client:
        store = RedisBars(client, "mock")
        store.add(*KEY, "not permitted", NOW_NS)
        assert store.read(NOW_NS) == {KEY: "not permitted"}
