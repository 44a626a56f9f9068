"""One consistent image of a session, taken once a slot whoever asks."""

from dataclasses import dataclass
from typing import Final

from arb.domain.market.ids import SessionId
from arb.domain.state.snapshot import SnapshotKind
from arb.ports.market import Clock
from arb.ports.messaging import Counters
from arb.ports.state import MemoryBudget, SnapshotStore

TRADE_BYTES: Final = 20_000  # read, encoded, compressed: 10 kB with two orders, and more with repairs
TRADES_AT_ONCE_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSnapshot:
    """The use case behind `arb.snapshot`."""

    session_id: SessionId
    snapshots: SnapshotStore
    counters: Counters
    clock: Clock
    interval_ns: int
    on_trade_interval_ns: int  # the first trade that ends in it is imaged; the ledger has the others
    budget: MemoryBudget

    def run(self, kind: SnapshotKind) -> str | None:
        """Take a snapshot; return its slot, or None if another process took that slot already.

        Slots are numbers of intervals since the epoch where more than one process may ask.
        """
        now_ns = self.clock.now_ns()
        slot = f"{kind}:{now_ns // self._interval_ns(kind)}"
        if self.snapshots.taken(self.session_id, slot):
            self.counters.count("snapshots", "slot_taken")
            return None
        with self.budget.items(TRADE_BYTES, TRADES_AT_ONCE_MAX) as at_once:
            taken = self.snapshots.take(self.session_id, kind, slot, now_ns, at_once)
        self.counters.count("snapshots", kind if taken else "slot_taken")
        return slot if taken else None

    def _interval_ns(self, kind: SnapshotKind) -> int:
        match kind:
            case SnapshotKind.PERIODIC:
                return self.interval_ns
            case SnapshotKind.ON_TRADE:
                return self.on_trade_interval_ns
            case _:
                return 1
