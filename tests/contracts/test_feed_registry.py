"""What every feed registry promises, with the quote store whose fences it puts in force."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from arb.adapters.local.clock import SystemClock
from arb.adapters.memory.feeds import MemoryFeedRegistry
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.redis.client import connect
from arb.adapters.redis.feeds import RedisFeedRegistry
from arb.adapters.redis.life import RedisHeartbeats
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.domain.health.assignment import Assignment, Beat, FeedOwner, Reassignment, WorkerHealth
from arb.domain.market.ids import USDT, Coin, Symbol, Venue
from arb.engine.market.feed import FeedStore
from arb.ports.market import FeedRegistry
from tests.domain.markets import USDT_KRW
from tests.engine.books import BTC_KRW, BTC_USDT, a_book

BTC, ETH = Coin("BTC"), Coin("ETH")


@dataclass
class World:
    registry: FeedRegistry
    quotes: FeedStore

    def put_in_force(self, epoch: int, worker: str, *coins: Coin, before: int = 0) -> bool:
        owners = {coin: FeedOwner(worker=worker, incarnation=1, fence=epoch) for coin in coins}
        moves = [
            Reassignment(
                coin=coin,
                before="",
                after=worker,
                fence=epoch,
                fence_before=before,
                reason="test",
                at_ns=epoch,
            )
            for coin in coins
        ]
        return self.registry.commit(Assignment(epoch=epoch, owners=owners), moves, before)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.integration)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        quotes = MemoryQuoteStore(SystemClock())
        yield World(MemoryFeedRegistry(quotes), quotes)
        return
    with connect(request.getfixturevalue("redis_url")) as client:
        yield World(RedisFeedRegistry(client, "test"), RedisQuoteStore(client, "test"))


def a_beat(worker: str = "feed-1", **more) -> Beat:
    return Beat(worker=worker, **{"incarnation": 2**47, "count": 1, "capacity": 9, **more})


def fenced(fence: int, key=BTC_KRW, **more):
    return replace(a_book(key, **more), fence=fence)


def test_a_beat_comes_back_as_it_was_left(world):
    beat = a_beat(fences={BTC: 7}, troubled=True, at_ns=3)
    assert world.registry.report(beat).beats == {"feed-1": beat}
    assert world.registry.read()[0].beats == {"feed-1": beat}


def test_one_worker_leads_until_it_leaves(world):
    assert world.registry.report(a_beat("feed-1")).leads
    assert not world.registry.report(a_beat("feed-2")).leads
    assert world.registry.report(a_beat("feed-1", count=2)).leads
    world.registry.leave("feed-1")
    roster = world.registry.report(a_beat("feed-2", count=2))
    assert roster.leads and set(roster.beats) == {"feed-2"}


def test_what_is_held_is_told_with_every_sign_of_life(world):
    assert world.registry.report(a_beat()).held == ()
    world.registry.hold([Coin("XRP"), Coin("ADA")])
    assert world.registry.report(a_beat()).held == ("XRP", "ADA")
    world.registry.hold([])
    assert world.registry.report(a_beat()).held == ()


def test_an_assignment_comes_back_as_it_was_put_in_force(world):
    assert world.put_in_force(5, "feed-1", BTC, USDT)
    found = world.registry.report(a_beat()).assignment
    assert found == Assignment(
        epoch=5, owners=dict.fromkeys((BTC, USDT), FeedOwner(worker="feed-1", incarnation=1, fence=5))
    )


def test_what_was_decided_on_an_older_epoch_is_refused(world):
    assert world.put_in_force(5, "feed-1", BTC)
    assert not world.put_in_force(6, "feed-2", BTC)
    assert world.put_in_force(7, "feed-3", BTC, before=5)
    assert world.registry.report(a_beat()).assignment.owners[BTC].worker == "feed-3"


def test_moves_are_kept_the_newest_first(world):
    world.put_in_force(5, "feed-1", BTC)
    world.put_in_force(6, "feed-2", BTC, before=5)
    assert [(move.coin, move.after, move.fence) for move in world.registry.moves(9)] == [
        (BTC, "feed-2", 6),
        (BTC, "feed-1", 5),
    ]
    assert len(world.registry.moves(1)) == 1


def test_the_leaders_view_is_kept_for_others(world):
    world.registry.note({"feed-1": WorkerHealth.HEALTHY, "feed-2": WorkerHealth.DEAD})
    assert world.registry.read()[1] == {"feed-1": WorkerHealth.HEALTHY, "feed-2": WorkerHealth.DEAD}


def test_books_of_the_owner_are_taken_and_a_former_owners_are_refused(world):
    world.put_in_force(5, "feed-1", BTC)
    assert world.quotes.put([fenced(5)], [BTC]).fenced == ()
    world.put_in_force(6, "feed-2", BTC, before=5)
    late = world.quotes.put([fenced(5, sequence=9)], [BTC])
    assert late.fenced == (BTC,)
    assert not late.due
    assert world.quotes.put([fenced(6, sequence=2)], [BTC]).fenced == ()
    assert world.quotes.get([BTC_KRW])[BTC_KRW].sequence == 2


def test_what_is_left_with_a_worker_that_lost_a_coin_is_still_taken(world):
    world.put_in_force(5, "feed-1", BTC, USDT)
    found = world.quotes.put([fenced(5), fenced(4, USDT_KRW)], [BTC])
    assert found.fenced == (USDT,)
    assert set(world.quotes.get([BTC_KRW, USDT_KRW])) == {BTC_KRW}


def test_a_move_forgets_the_books_of_before(world):
    world.put_in_force(5, "feed-1", BTC, USDT)
    world.quotes.put([fenced(5), fenced(5, BTC_USDT), fenced(5, USDT_KRW)], [])
    world.registry.commit(
        Assignment(
            epoch=6,
            owners={
                BTC: FeedOwner(worker="feed-2", incarnation=1, fence=6),
                USDT: FeedOwner(worker="feed-1", incarnation=1, fence=5),
            },
        ),
        [
            Reassignment(
                coin=BTC, before="feed-1", after="feed-2", fence=6, fence_before=5, reason="test", at_ns=1
            )
        ],
        5,
    )
    assert set(world.quotes.get([BTC_KRW, BTC_USDT, USDT_KRW])) == {USDT_KRW}


def test_a_former_owner_removes_nothing(world):
    world.put_in_force(5, "feed-1", BTC)
    world.quotes.put([fenced(5)], [])
    world.quotes.remove({BTC_KRW: 4})
    assert set(world.quotes.get([BTC_KRW])) == {BTC_KRW}
    world.quotes.remove({BTC_KRW: 5})
    assert set(world.quotes.get([BTC_KRW])) == set()


def test_a_store_that_lost_everything_takes_no_fenced_book(world):
    assert world.quotes.put([fenced(5)], [BTC]).fenced == (BTC,)


def test_the_fences_in_force_come_with_the_books(world):
    world.put_in_force(5, "feed-1", BTC, ETH)
    world.quotes.put([fenced(5)], [])
    found = world.quotes.look([BTC_KRW])
    assert found.fences == {BTC: 5, ETH: 5}
    assert found.books[BTC_KRW].fence == 5


def test_the_fences_of_what_is_taken_come_with_it(world):
    world.put_in_force(5, "feed-1", BTC, ETH)
    world.quotes.put([fenced(5)], [BTC])
    found = world.quotes.take((Venue.UPBIT,), [(Venue.BINANCE, Symbol("ETH/USDT"))], tuple)
    assert (found.coins, found.quotes.fences) == ((BTC,), {BTC: 5, ETH: 5})
    assert found.quotes.books[BTC_KRW].fence == 5


@pytest.mark.integration
def test_the_heartbeat_of_a_buried_worker_is_gone(redis_url):
    with connect(redis_url) as client:
        beats = RedisHeartbeats(client, "test")
        beats.beat("feed-1", {}, 1)
        beats.beat("beat", {}, 1)
        RedisFeedRegistry(client, "test").drop_heartbeat("feed-1")
        assert set(beats.read()) == {"beat"}
