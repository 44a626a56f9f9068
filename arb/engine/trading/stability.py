"""How the venues did lately, read at most once a second."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from arb.domain.market.ids import SessionId, Venue
from arb.domain.risk.stability import Answers, VenueHealth, VenueRecord
from arb.domain.risk.unfilled import EntryPair
from arb.ports.market import Clock

FRESH_NS: Final = 1_000_000_000


def _nobody_late() -> Mapping[Venue, int]:
    """Return that nothing is known of how late the venues' frames are."""
    return {}


class VenueHealthStore(Protocol):
    """What became of recent orders, and pauses that venues asked for; in SQL. Raises: StoreUnavailable."""

    def pause(self, session_id: SessionId, venue: Venue, until_ns: int, reason: str) -> None:
        """Remember that a venue wants to be left alone; a shorter pause never replaces a longer one."""

    def records(self, session_id: SessionId, since_ns: int) -> Mapping[Venue, VenueRecord]:
        """Return each venue's record over the orders created after `since_ns`."""

    def entries(
        self, session_id: SessionId, opened_after_ns: int, changed_after_ns: int
    ) -> tuple[EntryPair, ...]:
        """Return the entries opened after one moment of which a leg changed after another, by age."""

    def answers(self, session_id: SessionId, since_ns: int) -> Mapping[Venue, Answers]:
        """Return how each venue answered its newest orders; see `answers_of`."""


class Stability:
    """The newest records of one session's venues."""

    def __init__(
        self,
        session_id: SessionId,
        store: VenueHealthStore,
        clock: Clock,
        *,
        window_ns: int,
        lags_ns: Callable[[], Mapping[Venue, int]] = _nobody_late,
    ) -> None:
        self._session_id, self._store, self._clock = session_id, store, clock
        self._window_ns, self._lags_ns = window_ns, lags_ns
        self._records: Mapping[Venue, VenueRecord] = {}
        self._read_at_ns = 0
        self._healths: Mapping[Venue, VenueHealth] = {}
        self._healths_at_ns = 0

    def records(self, fresh_ns: int = FRESH_NS) -> Mapping[Venue, VenueRecord]:
        """Return each venue's record, a second old at most. Raises: StoreUnavailable."""
        now_ns = self._clock.now_ns()
        if not 0 <= now_ns - self._read_at_ns < fresh_ns:
            self._records = self._read(now_ns - self._window_ns)
            self._read_at_ns = now_ns
        return self._records

    def healths(self) -> Mapping[Venue, VenueHealth]:
        """Return what exits ask of each venue, a second old at most. Raises: StoreUnavailable."""
        if 0 <= self._clock.now_ns() - self._healths_at_ns < FRESH_NS:
            return self._healths
        return self.healths_now()

    def healths_now(self) -> Mapping[Venue, VenueHealth]:
        """Return the same as it is at this moment. Raises: StoreUnavailable."""
        now_ns = self._clock.now_ns()
        since_ns = now_ns - self._window_ns
        records = self._read(since_ns)
        answers = self._store.answers(self._session_id, since_ns)
        self._healths = {
            venue: VenueHealth(
                record=records.get(venue, VenueRecord()), answers=answers.get(venue, Answers())
            )
            for venue in Venue
        }
        self._healths_at_ns = now_ns
        return self._healths

    def _read(self, since_ns: int) -> Mapping[Venue, VenueRecord]:
        records, lags_ns = self._store.records(self._session_id, since_ns), self._lags_ns()
        known = {venue: records.get(venue, VenueRecord()) for venue in Venue}
        return {venue: replace(record, lag_ns=lags_ns.get(venue, 0)) for venue, record in known.items()}


@dataclass(frozen=True, slots=True)
class Pauses:
    """Which venues asked to be left alone, as it is now: a leg that stands alone asks."""

    store: VenueHealthStore
    clock: Clock

    def of(self, session_id: SessionId) -> frozenset[Venue]:
        """Return the venues that pause. Raises: StoreUnavailable."""
        now_ns = self.clock.now_ns()
        records = self.store.records(session_id, now_ns)
        return frozenset(venue for venue, record in records.items() if now_ns < record.paused_until_ns)
