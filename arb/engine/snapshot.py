"""One consistent image of a session, taken once a slot whoever asks."""

from dataclasses import dataclass

from arb.domain.ids import SessionId
from arb.domain.snapshot import Snapshot, SnapshotKind
from arb.ports import Clock, Counters, SnapshotStore


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSnapshot:
    """The use case behind `arb.snapshot`."""

    session_id: SessionId
    snapshots: SnapshotStore
    counters: Counters
    clock: Clock
    interval_ns: int
    on_trade_interval_ns: int  # the first trade that ends in it is imaged; the ledger has the others

    def run(self, kind: SnapshotKind) -> str | None:
        """Take a snapshot; return its slot, or None if another process took that slot already.

        Slots are numbers of intervals since the epoch where more than one process may ask.
        """
        now_ns = self.clock.now_ns()
        slot = f"{kind}:{now_ns // self._interval_ns(kind)}"
        if self.snapshots.taken(self.session_id, slot):
            self.counters.count("snapshots", "slot_taken")
            return None
        position, parts = self.snapshots.image(self.session_id)
        taken = self.snapshots.save(
            Snapshot(
                session_id=self.session_id,
                kind=kind,
                slot=slot,
                taken_at_ns=now_ns,
                ledger_position=position,
                parts=parts,
            )
        )
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
