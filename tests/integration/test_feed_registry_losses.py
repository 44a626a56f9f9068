"""Feed workers over a real Redis that is killed, wiped, and brought back with old data."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.feeds import MemoryLastAssignment, SilentAssignmentLog
from arb.adapters.redis.client import connect
from arb.adapters.redis.feeds import RedisFeedRegistry
from arb.adapters.redis.quotes import RedisQuoteStore
from arb.chaos.queue.broker_sandbox import BrokerSandbox
from arb.domain.health.assignment import Assignment
from arb.domain.market.ids import Coin
from arb.engine.market.membership import Membership
from tests.engine.books import BTC_KRW, NOW_NS, a_book

pytestmark = pytest.mark.integration
COINS = tuple(Coin(name) for name in ("ADA", "BTC", "ETH", "SOL", "USDT", "XRP"))
NAMES = ("feed-1", "feed-2", "feed-3")
BTC = Coin("BTC")
STEP_MS = 500


class World:
    """Three workers with connections of their own, stepped on a clock that is moved by hand."""

    def __init__(self, url: str) -> None:
        self.clock = ManualClock(NOW_NS)
        self.clients = [connect(url, timeout_ms=2_000) for _ in NAMES]
        self.quotes = RedisQuoteStore(self.clients[0], "test")
        self.registry = RedisFeedRegistry(self.clients[0], "test")
        self.workers = {
            name: Membership(
                worker=name,
                incarnation=number,
                capacity=100,
                coins=COINS,
                registry=RedisFeedRegistry(client, "test"),
                last_assignment=MemoryLastAssignment(),
                assignment_log=SilentAssignmentLog(),
                clock=self.clock,
            )
            for number, (name, client) in enumerate(zip(NAMES, self.clients, strict=True))
        }

    def run(self, ms: int) -> None:
        for _ in range(ms // STEP_MS):
            self.clock.advance_ms(STEP_MS)
            for worker in self.workers.values():
                worker.step()

    def fed(self) -> dict[Coin, str]:
        """Return who feeds what. Fails if a coin has two owners."""
        found = [(coin, name) for name, worker in self.workers.items() for coin in worker.held]
        assert max(Counter(coin for coin, _ in found).values()) == 1, found
        return dict(found)

    def fence(self, coin: Coin) -> int:
        return next(worker.held[coin] for worker in self.workers.values() if coin in worker.held)

    def assignment(self) -> Assignment:
        return self.registry.read()[0].assignment


@pytest.fixture(scope="module")
def sandbox() -> Iterator[BrokerSandbox]:
    with BrokerSandbox() as made:
        yield made


@pytest.fixture
def world(sandbox) -> Iterator[World]:
    sandbox.redis.flushall()
    made = World(sandbox.server.url)
    made.run(4_000)
    assert Counter(made.fed().values()) == dict.fromkeys(NAMES, 2)
    yield made
    for client in made.clients:
        client.close()


def taken(world: World, fence: int) -> bool:
    return not world.quotes.put([replace(a_book(BTC_KRW), fence=fence)], [BTC]).fenced


def test_a_redis_that_was_killed_and_came_back_without_its_data_ends_with_larger_fences(sandbox, world):
    before, epoch, fence = world.fed(), world.assignment().epoch, world.fence(BTC)
    sandbox.kill_redis()
    world.run(1_000)
    assert world.fed() == before, "they go on with what they have"
    for kept in sandbox.home.redis.iterdir():
        shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    sandbox.start_redis()
    assert not taken(world, fence), "an empty Redis takes nobody's books"
    world.run(3_000)
    assert world.fed() == before
    assert min(owner.fence for owner in world.assignment().owners.values()) > epoch
    assert taken(world, world.fence(BTC)) and not taken(world, fence)


def test_a_redis_that_came_back_with_old_data_ends_with_larger_fences(sandbox, world):
    keys = sandbox.redis.keys("arbitrage:*")
    old = {key: sandbox.redis.dump(key) for key in keys}
    world.clock.advance_ms(10_000)
    for worker in world.workers.values():
        worker.step()
    gone = world.workers.pop("feed-3")
    gone.leave()
    world.run(3_000)
    before, epoch = world.fed(), world.assignment().epoch
    assert set(before.values()) == {"feed-1", "feed-2"}
    sandbox.redis.flushall()
    for key, content in old.items():
        sandbox.redis.restore(key, 0, content)
    assert world.assignment().epoch < epoch
    world.run(3_000)
    assert world.fed() == before
    assert min(owner.fence for owner in world.assignment().owners.values()) > epoch


def test_all_at_once_after_a_wipe_agree_on_one_owner_for_each_coin(sandbox, world):
    for _ in range(5):
        epoch = world.assignment().epoch
        sandbox.redis.flushall()
        world.run(1_000)
        assert set(world.fed()) == set(COINS)
        assert world.assignment().epoch > epoch
