"""The feed registry without a server: the twin for tests and replays."""

import threading
from collections.abc import Mapping, Sequence

from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.domain.errors import StoreUnavailable
from arb.domain.health.assignment import Assignment, Beat, Reassignment, WorkerHealth
from arb.domain.market.ids import Coin, Venue
from arb.engine.market.membership import Fenced
from arb.ports.market import Roster


class MemoryFeedRegistry:
    """Keeps everything in fields; fences are put in force in the quote store. The lead never expires."""

    def __init__(self, quotes: MemoryQuoteStore) -> None:
        self._quotes = quotes
        self._lock = threading.Lock()
        self._moves: list[Reassignment] = []
        self._healths: Mapping[str, WorkerHealth] = {}
        self.assignment = Assignment()
        self.beats: dict[str, Beat] = {}
        self.leader: str | None = None
        self.held: tuple[Coin, ...] = ()
        self.dropped: list[str] = []
        self.away = False

    def report(self, beat: Beat) -> Roster:
        self._reach()
        with self._lock:
            self.beats[beat.worker] = beat
            self.leader = self.leader or beat.worker
            leads = self.leader == beat.worker
            return Roster(assignment=self.assignment, beats=dict(self.beats), leads=leads, held=self.held)

    def hold(self, coins: Sequence[Coin]) -> None:
        self._reach()
        self.held = tuple(coins)

    def commit(self, assignment: Assignment, moves: Sequence[Reassignment], epoch: int) -> bool:
        self._reach()
        with self._lock:
            if self.assignment.epoch != epoch:
                return False
            self.assignment = assignment
            self._moves = [*reversed(moves), *self._moves]
            fences = {coin: owner.fence for coin, owner in assignment.owners.items()}
            self._quotes.fence(fences, {move.coin for move in moves})
            return True

    def leave(self, worker: str) -> None:
        self._reach()
        with self._lock:
            self.beats.pop(worker, None)
            self.leader = None if self.leader == worker else self.leader

    def drop_heartbeat(self, worker: str) -> None:
        self._reach()
        self.dropped.append(worker)

    def note(self, healths: Mapping[str, WorkerHealth]) -> None:
        self._reach()
        self._healths = dict(healths)

    def read(self) -> tuple[Roster, Mapping[str, WorkerHealth]]:
        self._reach()
        with self._lock:
            return Roster(assignment=self.assignment, beats=dict(self.beats)), self._healths

    def moves(self, limit: int) -> tuple[Reassignment, ...]:
        self._reach()
        return tuple(self._moves[:limit])

    def _reach(self) -> None:
        if self.away:
            raise StoreUnavailable("memory: away")


class MemoryLastAssignment:
    """The twin of a worker's file."""

    def __init__(self) -> None:
        self.kept: Fenced = {}

    def load(self) -> Fenced:
        """Return the coins and fences that were saved last."""
        return self.kept

    def save(self, fences: Fenced) -> None:
        """Keep coins and fences in place of the last ones."""
        self.kept = dict(fences)


class SilentAssignmentLog:
    """Ignores every event of the assignment."""

    def moved(self, moves: Sequence[Reassignment]) -> None:
        """Ignore moves of coins: the registry keeps them."""

    def changed(self, worker: str, before: WorkerHealth, after: WorkerHealth) -> None:
        """Ignore that a worker's health changed."""

    def holds(self, fences: Fenced) -> None:
        """Ignore which coins this worker holds."""

    def rejected(self, venue: Venue, coin: Coin, why: str) -> None:
        """Ignore that a venue rejected a coin."""

    def late(self, venue: Venue, lag_ns: int) -> None:
        """Ignore that a venue's frames are late."""

    def in_time(self, venue: Venue) -> None:
        """Ignore that a venue's frames are in time again."""
