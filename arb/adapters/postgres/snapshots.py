"""`arb.ports.state.SnapshotStore` in PostgreSQL."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres import images, joined, ledger, views
from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.records.documents import encode
from arb.adapters.postgres.records.images import changed_trades, parts, sum_parts
from arb.adapters.postgres.records.seals import SealedPart, row_name, seal, seal_piece, unseal
from arb.adapters.postgres.retry import Retry, harmless_twice
from arb.adapters.postgres.tables import SNAPSHOTS
from arb.domain.errors import DataError
from arb.domain.ledger.ledger import Entry
from arb.domain.market.ids import SessionId, TradeId
from arb.domain.state.hot_state import StateChange, StateStamp
from arb.domain.state.snapshot import PARTS, Found, Skipped, Snapshot, SnapshotKind
from arb.ports.trading import TradeView

COLUMNS: Final = tuple(SealedPart.__dataclass_fields__)
TRADES_PART: Final = "positions"
PAGE: Final = 1_000  # trades in one statement


@dataclass(frozen=True, slots=True)
class SqlSnapshotStore:
    """Images of sessions in four tables."""

    engine: Engine
    retry: Retry = field(default_factory=Retry)

    @harmless_twice
    def image(self, session_id: SessionId) -> tuple[int, Mapping[str, Any]]:
        with reading(self.engine) as connection:
            sums = images.read(connection, session_id)
            return sums.ledger_position, parts(sums, _active(connection, session_id))

    @harmless_twice
    def change(self, session_id: SessionId, trades: Collection[TradeId]) -> StateChange:
        with reading(self.engine) as connection:
            sums = images.read(connection, session_id)
            found = {
                view.trade.trade_id: view
                for view in joined.trade_views(connection, trades)
                if view.trade.session_id == session_id
            }
            return StateChange(
                session_id=session_id,
                ledger_position=sums.ledger_position,
                parts=sum_parts(sums),
                trades=changed_trades({trade_id: found.get(trade_id) for trade_id in trades}),
            )

    @harmless_twice
    def stamp(self, session_id: SessionId) -> StateStamp:
        with reading(self.engine) as connection:
            return images.stamp(connection, session_id)

    @harmless_twice
    def entries_after(self, session_id: SessionId, position: int) -> tuple[Entry, ...]:
        with reading(self.engine) as connection:
            return ledger.entries_after(connection, session_id, position)

    @harmless_twice
    def taken(self, session_id: SessionId, slot: str) -> bool:
        first = SNAPSHOTS[PARTS[0]]
        wanted = select(first.c.slot).where(first.c.session_id == session_id, first.c.slot == slot)
        with reading(self.engine) as connection:
            return connection.execute(wanted).first() is not None

    @harmless_twice
    def save(self, snapshot: Snapshot) -> bool:
        rows = seal(snapshot)
        first = rows.pop(PARTS[0])
        with transaction(self.engine) as connection:
            if not _claim_slot(connection, first):
                return False
            for name, row in rows.items():
                connection.execute(insert(SNAPSHOTS[name.partition("#")[0]]).values(asdict(row)))
        return True

    @harmless_twice
    def take(
        self, session_id: SessionId, kind: SnapshotKind, slot: str, taken_at_ns: int, at_once: int
    ) -> bool:
        with reading(self.engine) as source, transaction(self.engine) as target:
            sums = images.read(source, session_id)
            header = Snapshot(
                session_id=session_id,
                kind=kind,
                slot=slot,
                taken_at_ns=taken_at_ns,
                ledger_position=sums.ledger_position,
                parts=sum_parts(sums),
            )
            if not _claim_slot(target, seal_piece(header, PARTS[0], header.parts[PARTS[0]])):
                return False
            for name in PARTS[1:]:
                for row in _chunks(source, header, name, at_once):
                    target.execute(insert(SNAPSHOTS[name]).values(asdict(row)))
        return True

    def latest(self, session_id: SessionId) -> Snapshot | None:
        return self.find(session_id).snapshot

    @harmless_twice
    def find(self, session_id: SessionId) -> Found:
        skipped: list[Skipped] = []
        with reading(self.engine) as connection:
            for slot in _slots(connection, session_id):
                try:
                    return Found(unseal(_rows(connection, session_id, slot)), tuple(skipped))
                except DataError as error:
                    skipped.append(Skipped(slot, str(error)))
        return Found(None, tuple(skipped))

    @harmless_twice
    def clean_up(self, days_to_keep: int) -> int:
        """Delete snapshots older than that, never a session's newest; return how many went."""
        with transaction(self.engine) as connection:
            removed = connection.execute(select(func.cleanup_old_snapshots(days_to_keep)))
            return int(removed.scalar_one())


def _claim_slot(connection: Connection, first: SealedPart) -> bool:
    """Write the first row: it decides who has the slot; a second writer waits here and then leaves."""
    mine = insert(SNAPSHOTS[PARTS[0]]).values(asdict(first)).on_conflict_do_nothing()
    return bool(connection.execute(mine).rowcount)


def _chunks(connection: Connection, header: Snapshot, name: str, at_once: int) -> Iterator[SealedPart]:
    """Yield the rows of a part; trades are read, encoded and forgotten a chunk at a time."""
    part = header.parts[name]
    if name != TRADES_PART:
        yield seal_piece(header, name, part)
        return
    ids = views.active_ids(connection, header.session_id)
    starts = range(0, max(1, len(ids)), at_once)
    for chunk, start in enumerate(starts):
        trades = [encode(view) for view in joined.trade_views(connection, ids[start : start + at_once])]
        piece = {"trades": trades} if chunk else {**part, "trades": trades}
        yield seal_piece(header, name, piece, chunk, len(starts))


def _active(connection: Connection, session_id: SessionId) -> Iterator[TradeView]:
    """Yield the trades that have not ended, a page at a time, however many they are."""
    ids = views.active_ids(connection, session_id)
    for start in range(0, len(ids), PAGE):
        yield from joined.trade_views(connection, ids[start : start + PAGE])


def _slots(connection: Connection, session_id: SessionId) -> list[str]:
    first = SNAPSHOTS[PARTS[0]]
    newest = first.c.taken_at_ns.desc(), first.c.slot.desc()
    return list(
        connection.execute(
            select(first.c.slot).where(first.c.session_id == session_id).order_by(*newest)
        ).scalars()
    )


def _rows(connection: Connection, session_id: SessionId, slot: str) -> dict[str, SealedPart]:
    found = {}
    for name in PARTS:
        table = SNAPSHOTS[name]
        wanted = select(*(table.c[column] for column in COLUMNS)).where(
            table.c.session_id == session_id, table.c.slot == slot
        )
        for row in connection.execute(wanted).mappings():
            found[row_name(name, row["chunk"])] = SealedPart(**row)
    return found
