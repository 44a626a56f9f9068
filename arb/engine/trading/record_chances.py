"""Chances that who evaluates passed on become rows: best effort, and no more a day than the settings say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from arb.domain.market.ids import SessionId
from arb.domain.market.opportunity import Opportunity
from arb.domain.time import NS_PER_DAY, NS_PER_MINUTE
from arb.engine.market.record import FULL, RECORDED
from arb.ports.market import Clock
from arb.ports.messaging import Counters

AT_ONCE_MAX: Final = 500  # rows of one statement


class PassedOn(Protocol):
    """Where evaluation leaves opportunities until they are recorded."""

    def take(self) -> list[Opportunity]:
        """Return what was kept since the last time, and forget it. Raises: StoreUnavailable."""


class OpportunityStore(Protocol):
    """Chances as rows. Raises, everywhere: StoreUnavailable."""

    def put(self, session_id: SessionId, found: Sequence[Opportunity]) -> None:
        """Keep these in place of what they were."""

    def count(self, since_ns: int) -> int:
        """Return how many began since a time."""


@dataclass(slots=True, kw_only=True)
class RecordChances:
    """Records the opportunities of one session, at most so many rows a day."""

    session_id: SessionId
    passed_on: PassedOn
    store: OpportunityStore
    counters: Counters
    clock: Clock
    rows_per_day_max: int
    _day: int = -1
    _rows: int = 0  # at most: one that goes on is told of again and again
    _counted_ns: int = 0

    def run(self) -> int:
        """Keep what waits; return how many rows. Raises: StoreUnavailable."""
        found = self.passed_on.take()
        if not found:
            return 0
        room = self._room(len(found))
        if room < len(found):
            self.counters.count(RECORDED, FULL, len(found) - room)
        for first in range(0, room, AT_ONCE_MAX):
            self.store.put(self.session_id, found[first : min(room, first + AT_ONCE_MAX)])
        self._rows += room
        return room

    def _room(self, wanted: int) -> int:
        """Return how many of so many rows the day has room for."""
        now_ns = self.clock.now_ns()
        day = now_ns // NS_PER_DAY
        is_full = self._rows + wanted > self.rows_per_day_max
        if day != self._day or (is_full and now_ns - self._counted_ns > NS_PER_MINUTE):
            self._rows, self._day, self._counted_ns = self.store.count(day * NS_PER_DAY), day, now_ns
        return max(0, min(wanted, self.rows_per_day_max - self._rows))
