"""`arb.ports.state.SnapshotStore` in memory."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from arb.adapters.memory import exposure, ledger
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.memory.trades import MemoryTradeStore
from arb.adapters.postgres.records.images import Sums, changed_trades, parts, sum_parts
from arb.adapters.postgres.records.seals import seal, unseal
from arb.domain.errors import DataError
from arb.domain.ledger.ledger import Entry
from arb.domain.market.ids import Coin, SessionId, TradeId
from arb.domain.market.money import EXACT, ZERO
from arb.domain.state.hot_state import StateChange, StateStamp
from arb.domain.state.snapshot import PARTS, Found, Skipped, Snapshot, SnapshotKind
from arb.domain.time import NS_PER_DAY


@dataclass(frozen=True, slots=True)
class MemorySnapshotStore:
    """Images of sessions, sealed as they are in SQL."""

    tables: MemoryTables

    def image(self, session_id: SessionId) -> tuple[int, Mapping[str, Any]]:
        with self.tables.transaction():
            sums = self._sums(session_id)
            return sums.ledger_position, parts(sums, MemoryTradeStore(self.tables).active(session_id))

    def save(self, snapshot: Snapshot) -> bool:
        with self.tables.transaction():
            key = (snapshot.session_id, snapshot.slot)
            if key in self.tables.snapshots:
                return False
            self.tables.snapshots[key] = seal(snapshot)
            return True

    def take(
        self, session_id: SessionId, kind: SnapshotKind, slot: str, taken_at_ns: int, at_once: int
    ) -> bool:
        with self.tables.transaction():
            position, found = self.image(session_id)
            return self.save(
                Snapshot(
                    session_id=session_id,
                    kind=kind,
                    slot=slot,
                    taken_at_ns=taken_at_ns,
                    ledger_position=position,
                    parts=found,
                )
            )

    def latest(self, session_id: SessionId) -> Snapshot | None:
        return self.find(session_id).snapshot

    def find(self, session_id: SessionId) -> Found:
        """Return the newest snapshot that verifies, and which newer ones were skipped and why."""
        skipped: list[Skipped] = []
        with self.tables.transaction():
            own = [
                (rows[PARTS[0]].taken_at_ns, slot, rows)
                for (owner, slot), rows in self.tables.snapshots.items()
                if owner == session_id and PARTS[0] in rows
            ]
        for _, slot, rows in sorted(own, key=lambda item: item[:2], reverse=True):
            try:
                return Found(unseal(rows), tuple(skipped))
            except DataError as error:
                skipped.append(Skipped(slot, str(error)))
        return Found(None, tuple(skipped))

    def taken(self, session_id: SessionId, slot: str) -> bool:
        with self.tables.transaction():
            return (session_id, slot) in self.tables.snapshots

    def stamp(self, session_id: SessionId) -> StateStamp:
        with self.tables.transaction():
            return StateStamp(
                ledger_position=ledger.position(self.tables, session_id),
                mode_changed_at_ns=self.tables.session(session_id).mode_changed_at_ns,
                trades=frozenset(
                    (trade.trade_id, trade.version) for trade in exposure.active(self.tables, session_id)
                ),
            )

    def change(self, session_id: SessionId, trades: Collection[TradeId]) -> StateChange:
        with self.tables.transaction():
            sums = self._sums(session_id)
            store = MemoryTradeStore(self.tables)
            views = {trade_id: store.view(trade_id) for trade_id in trades}
            return StateChange(
                session_id=session_id,
                ledger_position=sums.ledger_position,
                parts=sum_parts(sums),
                trades=changed_trades(views),
            )

    def entries_after(self, session_id: SessionId, position: int) -> tuple[Entry, ...]:
        with self.tables.transaction():
            own = enumerate(self.tables.ledger, start=1)
            return tuple(
                row.entry for number, row in own if row.session_id == session_id and number > position
            )

    def _sums(self, session_id: SessionId) -> Sums:
        tables = self.tables
        trades = [trade for trade in tables.trades.values() if trade.session_id == session_id]
        orders = [row.order for row in tables.orders.values() if row.session_id == session_id]
        realised: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for trade in trades:
            if trade.closed_at_ns:
                day = trade.closed_at_ns // NS_PER_DAY
                realised[day] = EXACT.add(realised[day], trade.pnl_krw)
        notional: dict[Coin, Decimal] = defaultdict(lambda: ZERO)
        at_risk = exposure.at_risk(tables, session_id)
        for trade in at_risk:
            notional[trade.coin] = EXACT.add(notional[trade.coin], trade.notional_krw)
        return Sums(
            session=tables.session(session_id),
            ledger_position=ledger.position(tables, session_id),
            balances=tables.balances.get(session_id, {}),
            holds=exposure.reserved(tables, session_id),
            trades_by_state=Counter(trade.state.value for trade in trades),
            orders_by_state=Counter(order.state.value for order in orders),
            fills=sum(len(order.fills) for order in orders),
            realised_krw_by_day=realised,
            notional_by_coin_krw=notional,
            trades_open_by_coin=Counter(trade.coin for trade in at_risk),
            venue_pauses={
                venue: pause for (owner, venue), pause in tables.pauses.items() if owner == session_id
            },
        )
