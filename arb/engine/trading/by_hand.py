"""What a person decided, as one process that evaluates knows it: half a second old at most."""

from dataclasses import dataclass, field
from typing import Final

from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_MS
from arb.domain.trading.by_hand import Decided
from arb.ports.market import Clock
from arb.ports.trading import HandStore

FRESH_NS: Final = (
    500 * NS_PER_MS
)  # a person waits that long; a pause holds at once, by the lock of each entry


@dataclass(slots=True, kw_only=True)
class ByHand:
    """Reads no more often than is of use."""

    session_id: SessionId
    store: HandStore
    clock: Clock
    _decided: Decided = field(default_factory=Decided)
    _read_at_ns: int | None = None

    def read(self, fresh_ns: int = FRESH_NS) -> Decided:
        """Return what was decided. Raises: StoreUnavailable."""
        steady_ns = self.clock.steady_ns()
        if self._read_at_ns is None or steady_ns - self._read_at_ns >= fresh_ns:
            self._decided = self.store.decided(self.session_id, self.clock.now_ns())
            self._read_at_ns = steady_ns
        return self._decided
