"""What the next entry will be reviewed by, read beside what is evaluated.

It is read once at the beginning, and again when something was decided since, or after half of the time for
which it serves, while there are coins worth an entry. What entries of this process add to it is added here:
they are decided one at a time. Where it does not serve an entry, it is read for it first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from arb.domain.market.ids import SessionId
from arb.domain.risk.known_exposure import AGE_NS_MAX, KnownExposure, Way
from arb.domain.risk.review import Proposal
from arb.domain.time import NS_PER_S, is_within
from arb.ports.market import Clock
from arb.ports.trading import TradeStore

WANTED_NS: Final = 60 * NS_PER_S  # since an entry of a coin and direction was last worth it
WAYS_MAX: Final = 20  # whose losses are read each time, the newest


@dataclass(slots=True, kw_only=True)
class ExposureAhead:
    """Safe between threads."""

    session_id: SessionId
    trades: TradeStore
    clock: Clock
    _known: KnownExposure | None = None
    _mark: int = 0
    _expirations: int = 0
    _known_since: int = 0  # the expirations before what is known was read
    _wanted_ns: dict[Way, int] = field(default_factory=dict)
    _deciding: Lock = field(default_factory=Lock)
    _changing: Lock = field(default_factory=Lock)  # guards what is known and what is wanted

    def note(self, mark: int) -> None:
        """Take note of how often reviews of the session were decided anew by now."""
        self._mark = mark

    def expire(self) -> None:
        """Have it be read again: something has most likely been decided."""
        with self._changing:
            self._expirations += 1

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep entries of this process from being decided meanwhile; what is decided here, they read."""
        with self._deciding:
            try:
                yield
            finally:
                self.expire()

    @contextmanager
    def deciding(self, way: Way) -> Iterator[KnownExposure]:
        """Yield what an entry is reviewed by, while no other one of this process is.

        Raises: StoreUnavailable.
        """
        with self._deciding:
            self.want(way)
            known = self._known
            if known is None or not self._is_current(known) or not known.serves(way, self.clock.now_ns()):
                known = self._read(way)
            yield known

    def entered(self, known: KnownExposure, proposal: Proposal) -> None:
        """Add an entry that was committed by what was known."""
        with self._changing:
            if self._known is not None and self._known.own_mark == known.own_mark:
                self._known = self._known.with_entry(proposal)

    def want(self, way: Way) -> None:
        """Take note that an entry is worth it."""
        with self._changing:
            self._wanted_ns[way] = self.clock.now_ns()

    def is_due(self) -> bool:
        """Tell whether it should be read again now."""
        ways, known = self._ways(), self._known
        if known is None:
            return True  # so that the first entry finds its statement prepared
        if not ways:
            return False
        is_young = is_within(known.read_at_ns, self.clock.now_ns(), AGE_NS_MAX // 2)
        return not (is_young and self._is_current(known) and known.ways.issuperset(ways))

    def read(self) -> None:
        """Read it if it is due. Raises: StoreUnavailable."""
        if self.is_due():
            self._read()

    def _read(self, *first: Way) -> KnownExposure:
        """Return it as it is now, for at least these; keep it unless what is kept is newer."""
        before, expirations = self._known, self._expirations
        ways = tuple(dict.fromkeys((*first, *self._ways())))
        found = self.trades.known_exposure(self.session_id, ways, self.clock.now_ns())
        with self._changing:
            if self._known is before or self._known is None or found.own_mark >= self._known.own_mark:
                self._known, self._known_since = found, expirations
        return found

    def _is_current(self, known: KnownExposure) -> bool:
        """Tell whether nothing was decided since; what is noted may be older than what we have added."""
        return known.own_mark >= self._mark and self._known_since == self._expirations

    def _ways(self) -> list[Way]:
        """Return those that are wanted, the newest first."""
        now_ns = self.clock.now_ns()
        with self._changing:
            wanted = [
                (at_ns, way) for way, at_ns in self._wanted_ns.items() if is_within(at_ns, now_ns, WANTED_NS)
            ]
            newest = sorted(wanted, reverse=True)[:WAYS_MAX]
            self._wanted_ns = {way: at_ns for at_ns, way in newest}
        return [way for _, way in newest]
