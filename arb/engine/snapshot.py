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

    def run(self, kind: SnapshotKind) -> str | None:
        """Take a snapshot; return its slot, or None if another process took that slot already.

        Periodic slots are numbers of intervals since the epoch, so that two beats make one snapshot.
        """
        now_ns = self.clock.now_ns()
        number = now_ns // self.interval_ns if kind is SnapshotKind.PERIODIC else now_ns
        slot = f"{kind}:{number}"
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
