"""What every quote store promises: one text over the memory twin and Redis."""

import time
from collections.abc import Iterator

import pytest

from arb.adapters.local.clock import SystemClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.redis.client import connect
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.engine.market.feed import FeedStore
from tests.engine.books import BTC_KRW, BTC_USDT, a_book

PENDING_MS = 60
BTC, ETH = Coin("BTC"), Coin("ETH")
NOWHERE = (Venue.UPBIT, Symbol("ETH/KRW"))


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> Iterator[FeedStore]:
    if request.param == "memory":
        yield MemoryQuoteStore(SystemClock(), PENDING_MS)
        return
    with connect(request.getfixturevalue("redis_url")) as client:
        yield RedisQuoteStore(client, "test", PENDING_MS)


def test_a_book_comes_back_as_it_was_put(store):
    books = [a_book(BTC_KRW, "0.00000001", sequence=2), a_book(BTC_USDT, "137001000.5")]
    store.put(books, [BTC])
    assert store.get([BTC_KRW, BTC_USDT, NOWHERE]) == dict(zip((BTC_KRW, BTC_USDT), books, strict=True))


def test_a_newer_book_replaces_the_older(store):
    store.put([a_book(sequence=1)], [BTC])
    store.put([a_book(sequence=2)], [BTC])
    assert store.get([BTC_KRW])[BTC_KRW].sequence == 2


def test_a_removed_book_is_gone_and_the_others_stay(store):
    store.put([a_book(BTC_KRW), a_book(BTC_USDT)], [])
    store.remove({BTC_KRW: 0, NOWHERE: 0})
    assert set(store.get([BTC_KRW, BTC_USDT])) == {BTC_USDT}


def test_asking_for_nothing_gives_nothing(store):
    store.remove({})
    assert dict(store.get([])) == {}
    assert store.take_dirty() == ()


def test_the_first_put_asks_for_an_evaluation_and_the_next_ones_do_not(store):
    assert [store.put([a_book()], [BTC]).due for _ in range(3)] == [True, False, False]


def test_dirty_coins_collect_until_they_are_taken_once(store):
    store.put([], [BTC])
    store.put([], [ETH, BTC])
    assert set(store.take_dirty()) == {BTC, ETH}
    assert store.take_dirty() == ()


def test_a_put_after_the_taking_asks_again(store):
    store.put([], [BTC])
    store.take_dirty()
    assert store.put([], [ETH]).due


def test_a_pending_evaluation_that_never_came_is_asked_for_again(store):
    assert store.put([], [BTC]).due
    time.sleep(2 * PENDING_MS / 1000)
    assert store.put([], [BTC]).due
    assert store.take_dirty() == (BTC,)


def test_a_put_without_anything_dirty_still_tells_whether_an_evaluation_is_pending(store):
    assert store.put([a_book()], []).due
    assert not store.put([a_book()], []).due
