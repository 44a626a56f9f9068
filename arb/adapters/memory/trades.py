"""`arb.ports.trading.TradeStore` in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from arb.adapters.memory import exposure, ledger, lives
from arb.adapters.memory.tables import MemoryTables, OrderRow
from arb.domain.errors import Conflict
from arb.domain.health.alert import AlertKind
from arb.domain.ledger.ledger import Entry, fee_entries
from arb.domain.market.ids import ClientOrderId, Coin, FillId, SessionId, TradeId, Venue
from arb.domain.risk.known_exposure import KnownExposure, Way
from arb.domain.risk.review import Approved, Denied, Limits, Proposal, review
from arb.domain.trading.lone_leg import LoneLeg
from arb.domain.trading.order import FEES_OF_ORDERS, Order, OrderEvent, OrderReport, OrderState, apply
from arb.domain.trading.trade import MOVING, Trade, TradeState
from arb.ports.trading import NOTHING_SEEN, Facts, Meanwhile, SessionView, TradeView, nothing_else

OVER: Final = (OrderState.CANCELED, OrderState.EXPIRED)  # what an order may be filled after


@dataclass(frozen=True, slots=True)
class MemoryTradeStore:
    """Trades, orders, fills and ledger."""

    tables: MemoryTables

    def open_trade(
        self, proposal: Proposal, orders: tuple[Order, Order], limits: Limits, now_ns: int
    ) -> Approved | Denied:
        trade = proposal.trade
        with self.tables.transaction():
            if trade.trade_id in self.tables.trades:
                return Approved(proposal, was_there=True)
            verdict = review(proposal, limits, exposure.exposure(self.tables, trade.session_id, now_ns))
            if isinstance(verdict, Approved):
                self._write(proposal, orders)
            return verdict

    def open_reviewed(
        self,
        approved: Approved,
        orders: tuple[Order, Order],
        known: KnownExposure,
        meanwhile: Meanwhile = nothing_else,
    ) -> bool:
        """Nothing is decided here while somebody reviews: what is known is compared as it is."""
        meanwhile()
        trade = approved.proposal.trade
        with self.tables.transaction():
            now = exposure.exposure(self.tables, trade.session_id, known.read_at_ns)
            if now != known.exposure or trade.trade_id in self.tables.trades:
                return False
            self._write(approved.proposal, orders)
            return True

    def _write(self, proposal: Proposal, orders: tuple[Order, Order]) -> None:
        lives.insert(self.tables, proposal.trade, orders)
        self.tables.trials[proposal.trade.trade_id] = proposal.trial.levels if proposal.trial else {}

    def known_exposure(self, session_id: SessionId, ways: Collection[Way], now_ns: int) -> KnownExposure:
        with self.tables.transaction():
            found = exposure.exposure(self.tables, session_id, now_ns)
            return KnownExposure(exposure=found, mark=0, own_mark=0, ways=frozenset(ways), read_at_ns=now_ns)

    def add_orders(self, trade: Trade, orders: Sequence[Order], decided_on: Facts = NOTHING_SEEN) -> Trade:
        following = replace(trade, version=trade.version + 1)
        with self.tables.transaction():
            known = self.tables.trades.get(trade.trade_id)
            if known is None or known.version != trade.version:
                raise Conflict(f"trade {trade.trade_id} is no longer at version {trade.version}")
            lives.insert(self.tables, following, orders)
            if orders and decided_on:
                later = self.tables.decided_later.setdefault(trade.trade_id, {})
                later[orders[0].created_at_ns] = decided_on
        return following

    def next_order_number(self, trade_id: TradeId, venue: Venue) -> int:
        with self.tables.transaction():
            return 1 + sum(order.venue is venue for order in self._orders(trade_id))

    def claim(self, client_order_id: ClientOrderId, now_ns: int) -> Order | None:
        with self.tables.transaction():
            row = self.tables.orders.get(client_order_id)
            return None if row is None else lives.claim(self.tables, row, now_ns)

    def release(self, client_order_id: ClientOrderId, fence: int, reason: str, now_ns: int) -> bool:
        return self._give_up(client_order_id, fence, OrderEvent.RELEASE, reason, now_ns)

    def lose(self, client_order_id: ClientOrderId, fence: int, reason: str, now_ns: int) -> bool:
        return self._give_up(client_order_id, fence, OrderEvent.LOSE, reason, now_ns)

    def reject(
        self, client_order_id: ClientOrderId, fence: int, event: OrderEvent, reason: str, now_ns: int
    ) -> bool:
        return self._give_up(client_order_id, fence, event, reason, now_ns)

    def absent(self, client_order_id: ClientOrderId, reason: str, now_ns: int) -> Order:
        with self.tables.transaction():
            row = lives.ours(self.tables, client_order_id)
            if row.order.state is OrderState.EXPIRED and not row.order.fills:
                return row.order
            after = apply(row.order, OrderEvent.ABSENT, reason)
            lives.write(self.tables, row, after, (OrderEvent.ABSENT,), now_ns)
            return after

    def record(self, report: OrderReport, now_ns: int, known: Order | None = None) -> Order:
        with self.tables.transaction():
            return lives.record(self.tables, report, now_ns)

    def deny(self, client_order_id: ClientOrderId, reason: str, now_ns: int) -> bool:
        with self.tables.transaction():
            row = self.tables.orders.get(client_order_id)
            if row is None or row.order.state is not OrderState.INTENT:
                return row is not None and row.order.state is OrderState.DENIED
            lives.write(
                self.tables, row, apply(row.order, OrderEvent.DENY, reason), (OrderEvent.DENY,), now_ns
            )
            return True

    def order(self, client_order_id: ClientOrderId) -> Order | None:
        with self.tables.transaction():
            row = self.tables.orders.get(client_order_id)
            return None if row is None else row.order

    def view(self, trade_id: TradeId) -> TradeView | None:
        with self.tables.transaction():
            trade = self.tables.trades.get(trade_id)
            return None if trade is None else TradeView(trade, self._orders(trade_id))

    def active(self, session_id: SessionId) -> tuple[TradeView, ...]:
        with self.tables.transaction():
            return tuple(
                TradeView(trade, self._orders(trade.trade_id))
                for trade in exposure.active(self.tables, session_id)
            )

    def session_view(
        self, session_id: SessionId, coins: Sequence[Coin] | None, meanwhile: Meanwhile = nothing_else
    ) -> SessionView | None:
        meanwhile()
        with self.tables.transaction():
            session = self.tables.sessions.get(session_id)
            if session is None:
                return None
            own = (view for view in self.active(session_id) if coins is None or view.trade.coin in coins)
            return SessionView(mode=session.mode, trades=tuple(own))

    def untold(self, session_id: SessionId, before_ns: int) -> tuple[Trade, ...]:
        with self.tables.transaction():
            own = [
                trade
                for trade in self.tables.trades.values()
                if trade.session_id == session_id
                and trade.state is TradeState.ESCALATED
                and trade.closed_at_ns < before_ns
                and not self._is_told(trade)
            ]
            return tuple(sorted(own, key=lambda trade: (trade.closed_at_ns, trade.trade_id)))

    def alone(self, session_id: SessionId) -> tuple[LoneLeg, ...]:
        with self.tables.transaction():
            take_ups = self.tables.take_ups
            again = [
                trade
                for trade in exposure.active(self.tables, session_id)
                if trade.state is TradeState.REPAIRING and take_ups.get(trade.trade_id)
            ]
            found = [*exposure.alone(self.tables, session_id), *again]
            found.sort(key=lambda trade: (trade.opened_at_ns, trade.trade_id))
            return tuple(LoneLeg(trade=trade, take_ups=take_ups.get(trade.trade_id, 0)) for trade in found)

    def unvalued(self, session_id: SessionId, limit: int) -> tuple[TradeId, ...]:
        with self.tables.transaction():
            rows = [row for row in self.tables.orders.values() if row.session_id == session_id]
            return tuple(sorted({row.order.trade_id for row in rows if row.order.unvalued_fees}))[:limit]

    def archive(self, session_id: SessionId, before_ns: int) -> None:
        """Do nothing: what is in memory is not long."""

    def filled_late(self, session_id: SessionId) -> tuple[TradeId, ...]:
        with self.tables.transaction():
            found: set[TradeId] = set()
            for row in self.tables.orders.values():
                trade = self.tables.trades[row.order.trade_id]
                late = [each.at_ns for each in row.events if each.from_state in OVER]
                is_resting = trade.session_id == session_id and trade.state not in MOVING
                if is_resting and any(at_ns > trade.updated_at_ns for at_ns in late):
                    found.add(trade.trade_id)
            return tuple(sorted(found))

    def fee_assets(self, session_id: SessionId) -> frozenset[tuple[Venue, str]]:
        with self.tables.transaction():
            own = [row.order for row in self.tables.orders.values() if row.session_id == session_id]
            newest = sorted(own, key=lambda order: -order.created_at_ns)[:FEES_OF_ORDERS]
            return frozenset((each.venue, fill.fee_asset) for each in newest for fill in each.third_fees)

    def value_fees(self, trade: Trade, values: Mapping[ClientOrderId, Mapping[FillId, Decimal]]) -> Trade:
        with self.tables.transaction():
            following = self.add_orders(trade, ())
            for name, of_fills in values.items():
                row = self.tables.orders[name]
                fills = tuple(
                    replace(fill, fee_in_quote=of_fills.get(fill.fill_id, fill.fee_in_quote))
                    for fill in row.order.fills
                )
                self.tables.orders[name] = replace(row, order=replace(row.order, fills=fills))
            return following

    def fees_assumed(self, session_id: SessionId, limit: int) -> tuple[ClientOrderId, ...]:
        with self.tables.transaction():
            own = [row.order for row in self.tables.orders.values() if row.session_id == session_id]
            found = [each for each in own if any(fill.fee_is_assumed for fill in each.fills)]
            return tuple(sorted(each.client_order_id for each in found if each.is_terminal))[:limit]

    def correct_fees(
        self, trade: Trade, client_order_id: ClientOrderId, fees: Mapping[FillId, Decimal], now_ns: int
    ) -> Trade:
        with self.tables.transaction():
            following = self.add_orders(trade, ())
            row = self.tables.orders[client_order_id]
            ledger.book(self.tables, row.session_id, fee_entries(row.order, fees), now_ns)
            fills = tuple(
                replace(fill, fee=fees[fill.fill_id], fee_is_assumed=False)
                if fill.fee_is_assumed and fill.fill_id in fees
                else fill
                for fill in row.order.fills
            )
            self.tables.orders[client_order_id] = replace(row, order=replace(row.order, fills=fills))
            return following

    def repair_again(self, trade: Trade) -> Trade:
        with self.tables.transaction():
            following = self.add_orders(trade, ())
            self.tables.take_ups[trade.trade_id] = self.tables.take_ups.get(trade.trade_id, 0) + 1
            return following

    def live(self, session_id: SessionId) -> tuple[Order, ...]:
        with self.tables.transaction():
            return tuple(row.order for row in self._live(session_id))

    def overdue(self, session_id: SessionId, before_ns: int, ahead_ns: int) -> tuple[Order, ...]:
        with self.tables.transaction():
            rows = self._live(session_id)
            return tuple(row.order for row in rows if not before_ns <= row.changed_at_ns <= ahead_ns)

    def _live(self, session_id: SessionId) -> list[OrderRow]:
        rows = [
            row
            for row in self.tables.orders.values()
            if row.session_id == session_id and not row.order.is_terminal
        ]
        return sorted(rows, key=lambda row: (row.changed_at_ns, row.order.client_order_id))

    def orders(self, ids: Collection[ClientOrderId]) -> tuple[Order, ...]:
        with self.tables.transaction():
            found = [row.order for name, row in self.tables.orders.items() if name in ids]
            return tuple(sorted(found, key=lambda order: (order.created_at_ns, order.client_order_id)))

    def moving(self, session_id: SessionId, since_ns: int) -> tuple[Order, ...]:
        with self.tables.transaction():
            found = [
                row.order
                for row in self.tables.orders.values()
                if row.session_id == session_id
                and (not row.order.is_terminal or row.changed_at_ns >= since_ns)
            ]
            return tuple(sorted(found, key=lambda order: (order.created_at_ns, order.client_order_id)))

    def book_entry(self, session_id: SessionId, entry: Entry, now_ns: int) -> bool:
        with self.tables.transaction():
            self.tables.session(session_id)
            return ledger.book(self.tables, session_id, (entry,), now_ns) == 1

    def book_moves(self, session_id: SessionId, now_ns: int) -> int:
        """Return 0: in memory nobody else trades on the account."""
        return 0

    def open_beside(self, session_id: SessionId, now_ns: int) -> bool:
        """Return False: in memory nobody else trades on the account."""
        return False

    def balances(self, session_id: SessionId) -> Mapping[tuple[Venue, str], Decimal]:
        with self.tables.transaction():
            return ledger.venue_balances(self.tables, session_id)

    def free(self, session_id: SessionId) -> Mapping[tuple[Venue, str], Decimal]:
        with self.tables.transaction():
            return exposure.free(self.tables, session_id)

    def working(self, session_id: SessionId) -> int:
        with self.tables.transaction():
            rows = [row for row in self.tables.orders.values() if row.session_id == session_id]
            return sum(not row.order.is_terminal for row in rows)

    def _orders(self, trade_id: TradeId) -> tuple[Order, ...]:
        own = [row.order for row in self.tables.orders.values() if row.order.trade_id == trade_id]
        return tuple(sorted(own, key=lambda order: (order.created_at_ns, order.client_order_id)))

    def _is_told(self, trade: Trade) -> bool:
        return any(
            alert.kind == AlertKind.TRADE_ESCALATED
            and alert.subject == trade.trade_id
            and alert.at_ns >= trade.closed_at_ns
            for _, alert in self.tables.alerts
        )

    def _give_up(
        self, client_order_id: ClientOrderId, fence: int, event: OrderEvent, reason: str, now_ns: int
    ) -> bool:
        with self.tables.transaction():
            row = self.tables.orders.get(client_order_id)
            if row is None or row.order.state is not OrderState.SUBMITTED or row.order.fence != fence:
                return False
            lives.write(self.tables, row, apply(row.order, event, reason), (event,), now_ns)
            return True
