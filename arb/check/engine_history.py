"""The engine's journal, read from SQL as it was at one moment."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, or_, select

from arb.adapters.postgres import ledger, neighbours
from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.rows import fill_of, mode_change_of, order_of, session_of, trade_of
from arb.adapters.postgres.session_accounts import NAMED
from arb.adapters.postgres.snapshots import SqlSnapshotStore
from arb.adapters.postgres.tables import (
    alerts,
    balances,
    fills,
    ledger_entries,
    ledger_postings,
    mode_changes,
    order_events,
    orders,
    sessions,
    trades,
)
from arb.check.history import (
    Ages,
    BookedEntry,
    BookedFill,
    Elsewhere,
    EngineHistory,
    FillKey,
    OrderTransition,
)
from arb.check.strangers import LOOK_BACK_NS, names_of, strangers
from arb.domain.errors import InvariantError
from arb.domain.ledger.ledger import EntryKind, Posting
from arb.domain.market.ids import ClientOrderId, FillId, SessionId, Symbol, TradeId, Venue
from arb.domain.market.instrument import Instrument
from arb.domain.market.pair import Pair
from arb.domain.state.owner import Names, Owner
from arb.domain.trading.order import Order, OrderEvent, OrderState
from arb.ports.market import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEngine:
    """Reads the journal of one session from SQL."""

    database: Engine
    session_id: SessionId
    pair: Pair
    clock: Clock
    repair_ns_max: int
    instruments: Mapping[tuple[Venue, Symbol], Instrument]
    ages: Ages = field(default_factory=Ages)

    def __call__(self) -> EngineHistory:
        """Return the session's history. Raises: StoreUnavailable."""
        # The snapshot before the rows: what it was taken of is in them.
        found = SqlSnapshotStore(self.database).find(self.session_id)
        instruments = self._instruments()
        with reading(self.database) as connection:
            wanted = select(sessions, NAMED).where(sessions.c.session_id == self.session_id)
            session = connection.execute(wanted).one_or_none()
            if session is None:
                raise InvariantError(f"session {self.session_id} does not exist")
            traded_by, names = session_of(session), names_of(connection, session.environment)
            booked, traded = self._fills(connection, names), connection.execute(self._of(trades)).all()
            return EngineHistory(
                session=traded_by,
                pair=self.pair,
                read_at_ns=self.clock.now_ns(),
                repair_ns_max=self.repair_ns_max,
                trades=tuple(map(trade_of, traded)),
                orders=self._orders(connection, booked),
                events=self._events(connection),
                fills=booked,
                entries=self._entries(connection),
                balances={
                    (row.account, row.asset): row.amount for row in connection.execute(self._of(balances))
                },
                ledger_position=ledger.position(connection, self.session_id),
                mode_changes=tuple(map(mode_change_of, connection.execute(self._of(mode_changes)))),
                alerts=self._alerts(connection),
                snapshot=found.snapshot,
                damaged=tuple((skipped.slot, skipped.reason) for skipped in found.skipped),
                instruments=instruments,
                decided_on={TradeId(row.trade_id): row.decided_on for row in traded},
                decided_later={
                    TradeId(row.trade_id): {int(at_ns): facts for at_ns, facts in row.decided_later.items()}
                    for row in traded
                },
                ages=self.ages,
                strangers=strangers(connection, traded_by, names),
                elsewhere=self._elsewhere(connection, session.started_at_ns),
            )

    def _instruments(self) -> Mapping[tuple[Venue, Symbol], Instrument]:
        """Return the rules of what was traded, of coins that are off the list by now, too."""
        with reading(self.database) as connection:
            rows = connection.execute(
                select(orders.c.venue, orders.c.symbol)
                .where(orders.c.session_id == self.session_id)
                .distinct()
            ).all()
        keys = [(Venue(row.venue), Symbol(row.symbol)) for row in rows]
        return {key: rule for key in keys if (rule := self.instruments.get(key)) is not None}

    def _of(self, table: Table) -> Any:
        return select(table).where(table.c.session_id == self.session_id)

    def _elsewhere(self, connection: Connection, since_ns: int) -> Elsewhere:
        others = neighbours.siblings(self.session_id).subquery()
        of_others = and_(
            orders.c.session_id.in_(select(others.c.session_id)),
            orders.c.session_id != self.session_id,
            orders.c.created_at_ns >= since_ns - LOOK_BACK_NS,
        )
        placed = connection.execute(select(orders.c.client_order_id).where(of_others)).scalars()
        joined = fills.join(orders, fills.c.client_order_id == orders.c.client_order_id)
        booked = select(fills.c.venue, fills.c.symbol, fills.c.fill_id).select_from(joined).where(of_others)
        return Elsewhere(
            orders=frozenset(placed),
            fills=frozenset(
                FillKey(Venue(row.venue), Symbol(row.symbol), FillId(row.fill_id))
                for row in connection.execute(booked)
            ),
            unbooked=neighbours.unbooked(connection, self.session_id),
        )

    def _fills(self, connection: Connection, names: Names) -> tuple[BookedFill, ...]:
        joined = fills.join(orders, fills.c.client_order_id == orders.c.client_order_id)
        wanted = select(fills).select_from(joined).where(orders.c.session_id == self.session_id)
        return tuple(
            BookedFill(
                venue=Venue(row.venue),
                symbol=Symbol(row.symbol),
                client_order_id=ClientOrderId(row.client_order_id),
                fill=fill_of(row),
                booked_at_ns=row.booked_at_ns,
                owner=Owner(environment=row.environment, accounts={Venue(row.venue): row.account}).today(
                    names
                ),
            )
            for row in connection.execute(wanted)
        )

    def _orders(self, connection: Connection, booked: tuple[BookedFill, ...]) -> tuple[Order, ...]:
        by_order = defaultdict(list)
        for each in booked:
            by_order[each.client_order_id].append(each.fill)
        wanted = self._of(orders).order_by(orders.c.created_at_ns, orders.c.client_order_id)
        return tuple(order_of(row, by_order[row.client_order_id]) for row in connection.execute(wanted))

    def _events(self, connection: Connection) -> tuple[OrderTransition, ...]:
        joined = order_events.join(orders, order_events.c.client_order_id == orders.c.client_order_id)
        wanted = select(order_events).select_from(joined).where(orders.c.session_id == self.session_id)
        return tuple(
            OrderTransition(
                client_order_id=ClientOrderId(row.client_order_id),
                seq=row.seq,
                event=OrderEvent(row.event),
                from_state=OrderState(row.from_state),
                to_state=OrderState(row.to_state),
                fence=row.fence,
                reason=row.reason,
                at_ns=row.at_ns,
                actor=row.actor,
            )
            for row in connection.execute(wanted)
        )

    def _entries(self, connection: Connection) -> tuple[BookedEntry, ...]:
        joined = ledger_postings.join(ledger_entries, ledger_postings.c.entry_id == ledger_entries.c.entry_id)
        wanted = (
            select(ledger_postings)
            .select_from(joined)
            .where(ledger_entries.c.session_id == self.session_id)
            .order_by(ledger_postings.c.entry_id, ledger_postings.c.line)
        )
        postings: dict[int, tuple[Posting, ...]] = defaultdict(tuple)
        for row in connection.execute(wanted):
            postings[row.entry_id] += (Posting(row.account, row.asset, row.amount),)
        return tuple(
            BookedEntry(
                entry_id=row.entry_id,
                key=row.key,
                kind=EntryKind(row.kind),
                postings=postings[row.entry_id],
            )
            for row in connection.execute(self._of(ledger_entries))
        )

    def _alerts(self, connection: Connection) -> frozenset[tuple[str, str]]:
        mine = or_(alerts.c.session_id == self.session_id, alerts.c.session_id.is_(None))
        wanted = select(alerts.c.kind, alerts.c.subject).where(mine).distinct()
        return frozenset((row.kind, row.subject) for row in connection.execute(wanted))
