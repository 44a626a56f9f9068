"""Who feeds which coin: hysteresis of health, exactly one owner, few moves, growing fences."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arb.domain.health.assignment import (
    Assignment,
    AssignmentRules,
    Beat,
    FeedOwner,
    WorkerHealth,
    WorkerStanding,
    excused,
    judge,
    reassign,
)
from arb.domain.market.ids import Coin
from arb.domain.time import NS_PER_MS, NS_PER_S

NOW_NS = 1_700_000_000 * NS_PER_S
RULES = AssignmentRules()
FEWER = settings(max_examples=60)
COINS = tuple(Coin(name) for name in ("ADA", "BTC", "ETH", "SOL", "USDT", "XRP"))


def a_beat(worker="feed-1", *, incarnation=1, count=1, **more):
    return Beat(worker=worker, incarnation=incarnation, count=count, **{"capacity": 100, **more})


def a_standing(health=WorkerHealth.HEALTHY, *, incarnation=1, **more):
    return WorkerStanding(
        incarnation=incarnation, count=1, seen_ns=NOW_NS, well_since_ns=NOW_NS, health=health, **more
    )


class Watched:
    """One observer that sees what it is told, every half second."""

    def __init__(self, *workers: str) -> None:
        self.beats = {worker: a_beat(worker) for worker in workers}
        self.standings: dict[str, WorkerStanding] = {}
        self.assignment = Assignment()
        self.now_ns = NOW_NS

    def step(self, *, silent=(), ms=500, **changes) -> dict[str, WorkerHealth]:
        self.now_ns += ms * NS_PER_MS
        for worker, beat in self.beats.items():
            if worker not in silent:
                self.beats[worker] = replace(beat, count=beat.count + 1, **changes.get(worker, {}))
        self.standings = judge(self.standings, self.beats.values(), self.now_ns, RULES)
        return {worker: each.health for worker, each in self.standings.items()}

    def run(self, ms: int, **more) -> dict[str, WorkerHealth]:
        healths = {}
        for _ in range(ms // 500):
            healths = self.step(**more)
        return healths

    def assign(self, coins=COINS):
        self.assignment, moves = reassign(
            self.assignment, coins, self.standings, self.beats, self.now_ns, RULES
        )
        for worker, beat in self.beats.items():  # they learn of it
            fences = self.assignment.fences_of(worker, beat.incarnation)
            self.beats[worker] = replace(beat, fences=fences)
        return moves

    def loads(self) -> dict[str, int]:
        return dict(Counter(owner.worker for owner in self.assignment.owners.values()))


def settled(*workers: str) -> Watched:
    watched = Watched(*workers)
    watched.run(3_000)
    watched.assign()
    return watched


def test_a_new_worker_proves_itself_for_two_seconds():
    watched = Watched("feed-1")
    assert watched.run(2_000) == {"feed-1": WorkerHealth.PROVING}
    assert watched.step() == {"feed-1": WorkerHealth.HEALTHY}


def test_silence_degrades_and_then_kills():
    watched = settled("feed-1")
    assert watched.run(1_500, silent=("feed-1",)) == {"feed-1": WorkerHealth.HEALTHY}
    assert watched.step(silent=("feed-1",)) == {"feed-1": WorkerHealth.DEGRADED}
    assert watched.run(2_000, silent=("feed-1",)) == {"feed-1": WorkerHealth.DEGRADED}
    assert watched.step(silent=("feed-1",)) == {"feed-1": WorkerHealth.DEAD}


def test_a_late_worker_is_trusted_again_only_after_a_while():
    watched = settled("feed-1")
    watched.run(2_000, silent=("feed-1",))
    assert watched.step() == {"feed-1": WorkerHealth.DEGRADED}
    assert watched.run(1_500) == {"feed-1": WorkerHealth.DEGRADED}
    assert watched.step() == {"feed-1": WorkerHealth.HEALTHY}


def test_a_dead_worker_that_speaks_again_has_to_prove_itself():
    watched = settled("feed-1")
    watched.run(6_000, silent=("feed-1",))
    assert watched.step() == {"feed-1": WorkerHealth.PROVING}


def test_a_quick_restart_of_the_slot_stays_healthy():
    watched = settled("feed-1")
    watched.run(1_000, silent=("feed-1",))
    assert watched.step(**{"feed-1": {"incarnation": 2}}) == {"feed-1": WorkerHealth.HEALTHY}


def test_a_worker_without_its_venues_is_degraded_until_they_are_back():
    watched = settled("feed-1")
    assert watched.step(**{"feed-1": {"troubled": True}}) == {"feed-1": WorkerHealth.DEGRADED}
    watched.step(**{"feed-1": {"troubled": False}})
    assert watched.run(2_000) == {"feed-1": WorkerHealth.HEALTHY}


def test_an_observer_that_was_away_holds_nobody_for_dead():
    watched = settled("feed-1", "feed-2")
    watched.standings = excused(watched.standings, watched.now_ns + 60 * NS_PER_S)
    assert set(watched.step(ms=60_500).values()) == {WorkerHealth.HEALTHY}


def test_the_first_worker_gets_everything_at_once():
    watched = Watched("feed-1")
    watched.run(1_000)
    moves = watched.assign()
    assert {move.coin for move in moves} == set(COINS)
    assert {move.reason for move in moves} == {"unowned"}
    assert watched.loads() == {"feed-1": 6}


def test_new_workers_are_given_their_share_when_they_have_proved_themselves():
    watched = settled("feed-1")
    watched.beats |= {"feed-2": a_beat("feed-2"), "feed-3": a_beat("feed-3")}
    watched.step()
    assert watched.assign() == ()
    watched.run(2_000)
    moves = watched.assign()
    assert len(moves) == 4
    assert watched.loads() == {"feed-1": 2, "feed-2": 2, "feed-3": 2}
    assert {move.reason for move in moves} == {"balance"}


def test_only_the_coins_of_a_dead_worker_move():
    watched = settled("feed-1", "feed-2", "feed-3")
    lost = {coin for coin, owner in watched.assignment.owners.items() if owner.worker == "feed-2"}
    watched.run(5_000, silent=("feed-2",))
    moves = watched.assign()
    assert {move.coin for move in moves} == lost
    assert {move.reason for move in moves} == {"owner_dead"}
    assert watched.loads() == {"feed-1": 3, "feed-3": 3}


def test_a_restarted_slot_gets_its_coins_back_at_once_with_larger_fences():
    watched = settled("feed-1", "feed-2")
    before = watched.assignment
    watched.step(**{"feed-1": {"incarnation": 2, "fences": {}}})
    moves = watched.assign()
    assert {move.coin for move in moves} == set(before.fences_of("feed-1", 1))
    assert {move.reason for move in moves} == {"restarted"}
    assert all(move.fence > move.fence_before == before.epoch for move in moves)


def test_when_all_are_dead_the_first_one_back_takes_all():
    watched = settled("feed-1", "feed-2", "feed-3")
    everyone = ("feed-1", "feed-2", "feed-3")
    watched.run(5_000, silent=everyone)
    assert watched.assign() == ()
    watched.step(silent=("feed-1", "feed-3"), **{"feed-2": {"incarnation": 2, "fences": {}}})
    watched.assign()
    assert watched.loads() == {"feed-2": 6}


def test_a_leaving_worker_hands_over_at_once():
    watched = settled("feed-1", "feed-2")
    watched.step(**{"feed-1": {"leaving": True}})
    assert {move.reason for move in watched.assign()} == {"owner_leaving"}
    assert watched.loads() == {"feed-2": 6}


def test_the_last_worker_that_leaves_keeps_its_slot():
    watched = settled("feed-1")
    watched.step(**{"feed-1": {"leaving": True}})
    assert watched.assign() == ()
    assert watched.loads() == {"feed-1": 6}


def test_coins_leave_a_worker_that_lacks_its_venues_for_long():
    watched = settled("feed-1", "feed-2")
    watched.run(4_000, **{"feed-1": {"troubled": True}})
    assert watched.assign() == ()
    watched.run(2_000)
    assert {move.reason for move in watched.assign()} == {"owner_troubled"}
    assert watched.loads() == {"feed-2": 6}


def test_where_every_worker_lacks_its_venues_coins_stay():
    watched = settled("feed-1", "feed-2")
    watched.run(20_000, **{name: {"troubled": True} for name in ("feed-1", "feed-2")})
    assert watched.assign() == ()
    assert watched.loads() == {"feed-1": 3, "feed-2": 3}


def test_nobody_is_given_more_than_it_can_carry():
    watched = Watched("feed-1", "feed-2")
    watched.beats = {name: replace(beat, capacity=2) for name, beat in watched.beats.items()}
    watched.run(3_000)
    watched.assign()
    assert watched.loads() == {"feed-1": 2, "feed-2": 2}


def test_an_empty_store_ends_with_the_same_owners_and_larger_fences():
    watched = settled("feed-1", "feed-2")
    before = watched.assignment
    watched.assignment = Assignment()
    moves = watched.assign()
    assert {move.reason for move in moves} == {"stored_state_lost"}
    after = watched.assignment
    assert {c: o.worker for c, o in after.owners.items()} == {c: o.worker for c, o in before.owners.items()}
    assert min(owner.fence for owner in after.owners.values()) > before.epoch


def test_a_store_that_came_back_old_ends_with_the_owners_of_before_and_larger_fences():
    watched = settled("feed-1", "feed-2")
    current = watched.assignment
    owner = FeedOwner(worker="feed-9", incarnation=9, fence=current.epoch - 7)
    watched.assignment = Assignment(epoch=current.epoch - 7, owners=dict.fromkeys(COINS, owner))
    watched.assign()
    after = watched.assignment
    assert {c: o.worker for c, o in after.owners.items()} == {c: o.worker for c, o in current.owners.items()}
    assert min(owner.fence for owner in after.owners.values()) > current.epoch


NAMES = [f"feed-{number}" for number in range(1, 6)]
WORLDS = st.fixed_dictionaries(
    {
        name: st.tuples(
            st.sampled_from([None, *WorkerHealth]), st.integers(1, 7), st.booleans(), st.integers(1, 2)
        )
        for name in NAMES
    }
)
OWNERS = st.dictionaries(
    st.sampled_from(COINS),
    st.builds(
        FeedOwner, worker=st.sampled_from([*NAMES, "gone"]), incarnation=st.just(1), fence=st.integers(1, 50)
    ),
)


def world_of(found, owners):
    there = {name: facts for name, facts in found.items() if facts[0] is not None}
    standings = {
        name: a_standing(health, incarnation=incarnation, leaving=leaving)
        for name, (health, _, leaving, incarnation) in there.items()
    }
    beats = {
        name: a_beat(name, incarnation=incarnation, capacity=capacity)
        for name, (_, capacity, _, incarnation) in there.items()
    }
    return Assignment(epoch=50, owners=owners), standings, beats


@FEWER
@given(WORLDS, OWNERS)
def test_whatever_is_there_the_owners_are_right(found, owners):
    current, standings, beats = world_of(found, owners)
    after, moves = reassign(current, COINS, standings, beats, NOW_NS, RULES)
    loads = {name: len(after.fences_of(name, beat.incarnation)) for name, beat in beats.items()}
    healthy = [
        name for name, each in standings.items() if each.health is WorkerHealth.HEALTHY and not each.leaving
    ]
    for move in moves:
        assert standings[move.after].health in (
            WorkerHealth.HEALTHY,
            WorkerHealth.PROVING,
            WorkerHealth.DEGRADED,
        )
        assert move.before == move.after or standings[move.after].health is not WorkerHealth.DEGRADED
        assert move.fence > 50 and move.fence > move.fence_before
        assert loads[move.after] <= beats[move.after].capacity
    if sum(beats[name].capacity for name in healthy) >= len(COINS):
        assert set(after.owners) == set(COINS)
        assert all(standings[owner.worker].health is not WorkerHealth.DEAD for owner in after.owners.values())
        room = [name for name in healthy if loads[name] < beats[name].capacity]
        assert all(loads[a] - loads[b] < 2 for a in healthy for b in room)
    again = reassign(after, COINS, standings, beats, NOW_NS, RULES)
    assert again == (after, ()), "what is right stays as it is"


@FEWER
@given(WORLDS, OWNERS, st.randoms(use_true_random=False))
def test_the_order_in_which_workers_are_seen_does_not_matter(found, owners, random):
    current, standings, beats = world_of(found, owners)
    names = list(standings)
    random.shuffle(names)
    shuffled = {name: standings[name] for name in names}, {name: beats[name] for name in names}
    assert reassign(current, COINS, *shuffled, NOW_NS, RULES) == reassign(
        current, COINS, standings, beats, NOW_NS, RULES
    )


@given(st.integers(2, 5), st.data())
def test_a_death_moves_the_dead_ones_coins_and_no_others(count, data):
    names = NAMES[:count]
    standings = {name: a_standing() for name in names}
    beats = {name: a_beat(name) for name in names}
    before, _ = reassign(Assignment(), COINS, standings, beats, NOW_NS, RULES)
    dead = data.draw(st.sampled_from(names))
    standings[dead] = a_standing(WorkerHealth.DEAD)
    after, moves = reassign(before, COINS, standings, beats, NOW_NS, RULES)
    assert {move.coin for move in moves} == {c for c, o in before.owners.items() if o.worker == dead}
    assert len({owner.worker for owner in after.owners.values()}) == min(count - 1, len(COINS))


@pytest.mark.parametrize("offset", [0, 10**18])
def test_fences_grow_whatever_the_wall_clock_says(offset):
    standings, beats = {"feed-1": a_standing()}, {"feed-1": a_beat("feed-1", fences={COINS[0]: 10**15})}
    after, _ = reassign(Assignment(), COINS, standings, beats, max(0, NOW_NS - offset), RULES)
    assert after.epoch > 10**15


def test_a_name_that_a_dead_worker_left_behind_is_given_nothing():
    watched = Watched("feed-1")
    watched.step()
    assert watched.assign() == ()
