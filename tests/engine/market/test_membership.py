"""Feed workers among themselves: who feeds what through deaths, freezes, lost stores and restarts."""

from collections import Counter

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.feeds import MemoryFeedRegistry, MemoryLastAssignment, SilentAssignmentLog
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.domain.health.assignment import Assignment, WorkerHealth
from arb.domain.market.ids import USDT, Coin
from arb.engine.market.membership import Membership
from tests.engine.books import NOW_NS

COINS = tuple(Coin(name) for name in ("ADA", "BTC", "ETH", "SOL", "USDT", "XRP"))
STEP_MS = 500


class World:
    """Workers that take their steps in turn, twice a second."""

    def __init__(self, *names: str) -> None:
        self.clock = ManualClock(NOW_NS)
        self.registry = MemoryFeedRegistry(MemoryQuoteStore(self.clock))
        self.last_assignments = {name: MemoryLastAssignment() for name in names}
        self.workers: dict[str, Membership] = {}
        self.lives = 0
        self.epochs: list[int] = []
        for name in names:
            self.start(name)

    def start(self, name: str) -> Membership:
        self.lives += 1
        self.workers[name] = Membership(
            worker=name,
            incarnation=self.lives,
            capacity=100,
            coins=COINS,
            registry=self.registry,
            last_assignment=self.last_assignments[name],
            assignment_log=SilentAssignmentLog(),
            clock=self.clock,
            announce=lambda assignment: self.epochs.append(assignment.epoch),
        )
        self.workers[name].step()
        return self.workers[name]

    def run(self, ms: int, *, without: tuple[str, ...] = ()) -> None:
        for _ in range(ms // STEP_MS):
            self.clock.advance_ms(STEP_MS)
            if self.registry.leader in without:
                self.registry.leader = None  # its lead expires
            for name, worker in self.workers.items():
                if name not in without:
                    worker.step()

    def fed(self, *names: str) -> dict[Coin, str]:
        """Return who feeds what, by what the workers themselves hold. Fails if a coin has two owners."""
        found = [(coin, name) for name in names or self.workers for coin in self.workers[name].held]
        assert max(Counter(coin for coin, _ in found).values(), default=0) <= 1, found
        return dict(found)

    def loads(self, *names: str) -> dict[str, int]:
        return dict(Counter(self.fed(*names).values()))


def settled(*names: str) -> World:
    world = World(*names)
    world.run(4_000)
    return world


def test_the_first_worker_feeds_everything_from_its_first_step():
    assert World("feed-1").loads() == {"feed-1": 6}


def test_a_worker_that_is_told_what_to_feed_goes_on_while_the_store_has_lost_that():
    world = World("feed-1")
    worker = world.workers["feed-1"]
    worker.coins, worker.is_told = (USDT,), True
    world.registry.hold((Coin("NEW"), Coin("BTC")))
    world.run(2_000)
    assert set(worker.held) == {USDT, "NEW", "BTC"}
    world.registry.hold(())
    world.run(2_000)
    assert set(worker.held) == {USDT, "NEW", "BTC"}
    world.registry.hold((Coin("BTC"),))
    world.run(2_000)
    assert set(worker.held) == {USDT, "BTC"}


def test_three_workers_share_the_coins_out():
    assert settled("feed-1", "feed-2", "feed-3").loads() == {"feed-1": 2, "feed-2": 2, "feed-3": 2}


def test_the_coins_of_a_killed_worker_are_fed_by_others_within_ten_seconds():
    world = settled("feed-1", "feed-2", "feed-3")
    world.run(6_000, without=("feed-2",))
    assert world.loads("feed-1", "feed-3") == {"feed-1": 3, "feed-3": 3}
    assert world.registry.dropped and set(world.registry.dropped) == {"feed-2"}


def test_also_when_it_was_the_one_that_leads():
    world = settled("feed-1", "feed-2", "feed-3")
    assert world.registry.leader == "feed-1"
    world.run(5_000, without=("feed-1",))
    assert world.loads("feed-2", "feed-3") == {"feed-2": 3, "feed-3": 3}


def test_a_worker_that_starts_again_in_its_slot_feeds_at_once_what_it_fed():
    world = settled("feed-1", "feed-2")
    before, fence = world.fed(), max(world.workers["feed-2"].held.values())
    world.run(1_000, without=("feed-2",))
    again = world.start("feed-2")
    assert world.fed() == before
    assert min(again.held.values()) > fence


def test_a_frozen_worker_learns_with_its_first_step_that_its_coins_are_gone():
    world = settled("feed-1", "feed-2")
    world.run(6_000, without=("feed-2",))
    zombie = world.workers["feed-2"]
    assert zombie.held
    assert zombie.step() == {}
    world.run(3_000)
    assert world.loads() == {"feed-1": 3, "feed-2": 3}


def test_a_worker_that_was_suspended_feeds_nothing_until_the_store_has_confirmed_it():
    world = settled("feed-1")
    worker = world.workers["feed-1"]
    world.registry.away = True
    worker.suspend()
    assert worker.step() == {}
    world.registry.away = False
    assert len(worker.step()) == 6


def test_without_the_store_workers_go_on_with_what_they_have():
    world = settled("feed-1", "feed-2")
    before = world.fed()
    world.registry.away = True
    world.run(60_000)
    assert world.fed() == before
    world.registry.away = False
    world.run(3_000)
    assert world.fed() == before
    assert not world.registry.dropped


def test_a_store_that_came_back_empty_gives_everybody_back_what_it_had_with_larger_fences():
    world = settled("feed-1", "feed-2", "feed-3")
    before, epoch = world.fed(), world.registry.assignment.epoch
    world.registry.away = True
    world.run(5_000)
    world.registry.assignment, world.registry.beats, world.registry.leader = Assignment(), {}, None
    world.registry.away = False
    world.run(3_000)
    assert world.fed() == before
    assert min(owner.fence for owner in world.registry.assignment.owners.values()) > epoch


def test_a_store_that_came_back_old_does_too():
    world = settled("feed-1")
    old = world.registry.assignment
    world.last_assignments["feed-2"] = MemoryLastAssignment()
    world.start("feed-2")
    world.run(4_000)
    before, epoch = world.fed(), world.registry.assignment.epoch
    assert world.loads() == {"feed-1": 3, "feed-2": 3}
    world.registry.assignment, world.registry.leader = old, None
    world.run(3_000)
    assert world.fed() == before
    assert min(owner.fence for owner in world.registry.assignment.owners.values()) > epoch


def test_when_all_were_killed_the_first_that_is_back_ends_up_with_everything():
    world = settled("feed-1", "feed-2", "feed-3")
    everyone = tuple(world.workers)
    world.run(10_000, without=everyone)
    world.start("feed-2")
    assert world.loads("feed-2") == {"feed-2": 2}
    world.run(5_000, without=("feed-1", "feed-3"))
    assert world.loads("feed-2") == {"feed-2": 6}


def test_a_worker_that_ends_hands_over_and_is_no_death():
    world = settled("feed-1", "feed-2")
    assert world.workers["feed-2"].leave() == {}
    world.workers.pop("feed-2")
    world.run(1_000)
    assert world.loads() == {"feed-1": 6}
    assert world.registry.read()[1] == {"feed-1": WorkerHealth.HEALTHY}
    assert not world.registry.dropped


def test_the_last_worker_that_ends_keeps_what_nobody_can_take():
    world = settled("feed-1")
    assert len(world.workers["feed-1"].leave()) == 6


def test_a_worker_that_starts_without_the_store_goes_on_with_what_its_slot_had():
    world = settled("feed-1", "feed-2")
    before = dict(world.workers["feed-2"].held)
    world.registry.away = True
    assert world.start("feed-2").held == before
    world.registry.away = False
    world.run(1_000)
    assert world.loads() == {"feed-1": 3, "feed-2": 3}


def test_every_epoch_is_announced_and_every_move_is_kept():
    world = settled("feed-1", "feed-2")
    assert world.epochs == sorted(set(world.epochs))
    moves = world.registry.moves(100)
    assert {move.fence for move in moves} == set(world.epochs)


def test_a_coin_that_is_held_is_fed_besides_the_list_until_it_is_let_go():
    world = settled("feed-1", "feed-2")
    before = world.fed()
    world.registry.hold([Coin("HELD")])
    world.run(2_000)
    assert set(world.fed()) == {*before, "HELD"}
    world.registry.hold([])
    world.run(2_000)
    assert set(world.fed()) == set(before)
