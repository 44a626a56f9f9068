"""What the next entry will be reviewed by, read beside what is evaluated.

It is read again when something was decided since, or after half of the time for which it serves, while there
are coins worth an entry. An entry that it does not serve is reviewed by what is read under the locks.
"""

from dataclasses import dataclass, field
from typing import Final

from arb.domain.market.ids import SessionId
from arb.domain.risk.known_exposure import AGE_NS_MAX, KnownExposure, Way
from arb.domain.time import NS_PER_S, is_within
from arb.ports.market import Clock
from arb.ports.trading import TradeStore

WANTED_NS: Final = 60 * NS_PER_S  # since an entry of a coin and direction was last worth it
WAYS_MAX: Final = 20  # whose losses are read each time, the newest


@dataclass(slots=True, kw_only=True)
class ExposureAhead:
    """Safe between threads: what another one notes in between is read a moment later."""

    session_id: SessionId
    trades: TradeStore
    clock: Clock
    _known: KnownExposure | None = None
    _mark: int = 0
    _wanted_ns: dict[Way, int] = field(default_factory=dict)

    def note(self, mark: int) -> None:
        """Take note of how often reviews of the session were decided anew by now."""
        self._mark = mark

    def of(self, way: Way, now_ns: int) -> KnownExposure | None:
        """Return what an entry that is worth it may be reviewed by, None where that has to be read."""
        self._wanted_ns[way] = now_ns
        known = self._known
        return known if known is not None and self._is_current(known) and known.serves(way, now_ns) else None

    def is_due(self) -> bool:
        """Tell whether it should be read again now."""
        return bool(self._due())

    def read(self) -> None:
        """Read it if it is due. Raises: StoreUnavailable."""
        if ways := self._due():
            self._known = self.trades.known_exposure(self.session_id, ways, self.clock.now_ns())

    def _due(self) -> list[Way]:
        """Return for which coins and directions it should be read again now; none while it serves."""
        ways, known = self._ways(), self._known
        if known is None or not self._is_current(known) or not known.ways.issuperset(ways):
            return ways
        return [] if is_within(known.read_at_ns, self.clock.now_ns(), AGE_NS_MAX // 2) else ways

    def _is_current(self, known: KnownExposure) -> bool:
        return known.own_mark == self._mark

    def _ways(self) -> list[Way]:
        """Return those that are wanted, the newest first."""
        now_ns = self.clock.now_ns()
        wanted = [
            (at_ns, way)
            for way, at_ns in tuple(self._wanted_ns.items())
            if is_within(at_ns, now_ns, WANTED_NS)
        ]
        newest = sorted(wanted, reverse=True)[:WAYS_MAX]
        if len(newest) < len(self._wanted_ns):
            self._wanted_ns = {way: at_ns for at_ns, way in newest}
        return [way for _, way in newest]
