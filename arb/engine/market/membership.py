"""One feed worker among others: it says that it lives, learns what it is to feed, and sees to the others.

Every worker runs the same steps. The one that leads reassigns what has to be; a worker that starts, ends,
or knows more than the store does so for itself and does not wait for it. What is decided is put in force
only if nobody decided otherwise meanwhile. Without the store a worker goes on with what it has.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from arb.domain.errors import StoreUnavailable
from arb.domain.health.assignment import (
    Assignment,
    AssignmentRules,
    Beat,
    Reassignment,
    WorkerHealth,
    WorkerStanding,
    excused,
    judge,
    reassign,
    seen_first,
)
from arb.domain.market.ids import Coin, Venue
from arb.ports.market import Clock, FeedRegistry, Roster

ATTEMPTS: Final = 3  # at a commit that somebody overtook
FORGET_NS: Final = 600_000_000_000  # a dead worker that owns nothing is forgotten after this long
Fenced = Mapping[Coin, int]


def unheard(_assignment: Assignment) -> None:
    """Nobody is told: the others look for themselves soon."""


class LastAssignment(Protocol):
    """What a worker had, kept where no server is needed. Never raises."""

    def load(self) -> Fenced:
        """Return what was kept last; nothing if that cannot be read."""

    def save(self, fences: Fenced) -> None:
        """Keep coins and fences in place of the last ones."""


class AssignmentLog(Protocol):
    """Who writes down what happens to coins and workers."""

    def moved(self, moves: Sequence[Reassignment]) -> None:
        """Note that coins got other owners."""

    def changed(self, worker: str, before: WorkerHealth, after: WorkerHealth) -> None:
        """A worker is not what it was; only who leads says so."""

    def holds(self, fences: Fenced) -> None:
        """This worker feeds other coins than before."""

    def rejected(self, venue: Venue, coin: Coin, why: str) -> None:
        """A venue does not send a coin's quotes, and sends others."""

    def late(self, venue: Venue, lag_ns: int) -> None:
        """A venue's frames come too late to be believed."""

    def in_time(self, venue: Venue) -> None:
        """They do not any more."""


@dataclass(slots=True, kw_only=True)
class Membership:
    """The use case of a feed worker's place; one thread uses it."""

    worker: str
    incarnation: int
    capacity: int
    coins: Sequence[Coin]
    registry: FeedRegistry
    last_assignment: LastAssignment
    assignment_log: AssignmentLog
    clock: Clock
    announce: Callable[[Assignment], None] = unheard  # that it is in force; never raises
    is_told: bool = False  # what is fed besides these is said by the registry, and is never nothing
    rules: AssignmentRules = field(default_factory=AssignmentRules)
    held: Fenced = field(default_factory=dict)
    away: bool = False  # the store
    _told: Sequence[Coin] = ()
    _suspended: bool = False
    _count: int = 0
    _stepped_ns: int = 0
    _epoch: int = 0  # the greatest seen
    _confirmed: bool = False  # the store has said what is ours, since this process began
    _standings: dict[str, WorkerStanding] = field(default_factory=dict)
    _beats: dict[str, Beat] = field(default_factory=dict)

    def suspend(self) -> None:
        """Feed nothing until the store has said anew what is ours: this process was frozen."""
        self._suspended = True
        self._hold({})

    def step(self, *, troubled: bool = False, leaving: bool = False) -> Fenced:
        """Say that we live and return what is ours now, with its fences."""
        now_ns = self.clock.now_ns()
        if self._stepped_ns and not 0 <= now_ns - self._stepped_ns <= self.rules.dead_ns * 3 // 4:
            self._standings = excused(self._standings, now_ns)
        self._stepped_ns = now_ns
        self._count += 1
        beat = self._beat(now_ns, troubled=troubled, leaving=leaving)
        try:
            assignment = self._agree(beat, now_ns)
        except StoreUnavailable:
            return self._without_store(now_ns)
        if self.away:
            self.away = False
            self._standings = excused(self._standings, now_ns)
        self._confirmed, self._suspended = True, False
        if self._hold(assignment.fences_of(self.worker, self.incarnation)):
            self.last_assignment.save(self.held)
        return self.held

    def leave(self) -> Fenced:
        """Give others what they can take, and return what is left with us."""
        left = self.step(leaving=True)
        try:
            self.registry.leave(self.worker)
        except StoreUnavailable:
            self.away = True
        return left

    def _without_store(self, now_ns: int) -> Fenced:
        self.away = True
        self._standings = excused(self._standings, now_ns)
        if not self._confirmed and not self._suspended and not self.held:
            self._hold(self.last_assignment.load())
        return self.held

    def _beat(self, now_ns: int, *, troubled: bool, leaving: bool) -> Beat:
        return Beat(
            worker=self.worker,
            incarnation=self.incarnation,
            count=self._count,
            capacity=self.capacity,
            fences=self.held,
            troubled=troubled,
            leaving=leaving,
            at_ns=now_ns,
        )

    def _agree(self, beat: Beat, now_ns: int) -> Assignment:
        """Return the assignment in force, after mending it where that is ours to do."""
        roster = self.registry.report(beat)
        self._look(roster, beat, now_ns)
        for _ in range(ATTEMPTS):
            if not (roster.leads or self._is_pressing(roster.assignment, beat)):
                break
            following, moves = reassign(
                roster.assignment, self._wanted(roster), self._standings, self._beats, now_ns, self.rules
            )
            if following is roster.assignment:
                break
            if self.registry.commit(following, moves, roster.assignment.epoch):
                self.assignment_log.moved(moves)
                self.announce(following)
                return following
            roster = self.registry.report(beat)
        if roster.leads:
            self._tend(roster.assignment, now_ns)
        return roster.assignment

    def _wanted(self, roster: Roster) -> Sequence[Coin]:
        """Return what has to be fed: the list, and whatever else is open."""
        if roster.held or not self.is_told:  # a store that lost it is told again within seconds
            self._told = roster.held
        return (*self.coins, *(coin for coin in self._told if coin not in self.coins))

    def _look(self, roster: Roster, beat: Beat, now_ns: int) -> None:
        """Judge everybody; what this process saw of others outlives a store that lost it."""
        is_lost = roster.assignment.epoch < self._epoch
        self._epoch = max(self._epoch, roster.assignment.epoch)
        remembered = self._beats if is_lost else {}
        self._beats = {**_newest(remembered, roster.beats), self.worker: beat}
        before = {worker: each for worker, each in self._standings.items() if worker in self._beats}
        self._standings = judge(before, self._beats.values(), now_ns, self.rules)
        own = self._standings.get(self.worker) or seen_first(beat, now_ns, spoke=True)
        self._standings[self.worker] = replace(own, spoke=True)
        for worker, standing in self._standings.items():
            known = before.get(worker)
            if roster.leads and known is not None and known.health is not standing.health:
                self.assignment_log.changed(worker, known.health, standing.health)

    def _is_pressing(self, assignment: Assignment, beat: Beat) -> bool:
        """Tell whether something has to be done about ourselves, whoever leads."""
        another_life = any(
            owner.worker == self.worker and owner.incarnation != self.incarnation
            for owner in assignment.owners.values()
        )
        is_old = any(fence > assignment.epoch for fence in self.held.values())
        return beat.leaving or another_life or is_old or not assignment.owners

    def _tend(self, assignment: Assignment, now_ns: int) -> None:
        """Keep for others how the workers are; let go of the dead whose work is done by others."""
        owning = {owner.worker for owner in assignment.owners.values()}
        self.registry.note({worker: each.health for worker, each in self._standings.items()})
        for worker, standing in tuple(self._standings.items()):
            if standing.health is not WorkerHealth.DEAD or worker in owning:
                continue
            self.registry.drop_heartbeat(worker)
            if now_ns - standing.seen_ns > FORGET_NS:
                self.registry.leave(worker)
                self._standings.pop(worker)
                self._beats.pop(worker, None)

    def _hold(self, fences: Fenced) -> bool:
        """Take note of what is ours; tell whether that is news."""
        if dict(fences) == dict(self.held):
            return False
        self.held = dict(fences)
        self.assignment_log.holds(self.held)
        return True


def _newest(remembered: Mapping[str, Beat], stored: Mapping[str, Beat]) -> dict[str, Beat]:
    """Return the last sign of life of each worker: what is stored may be older than what was seen."""
    found = dict(stored)
    for worker, beat in remembered.items():
        other = found.get(worker)
        if other is None or (other.incarnation == beat.incarnation and other.count < beat.count):
            found[worker] = beat
    return found
