"""The SQL stores with a note to the mirror after each commit that changed a session's state."""

from collections.abc import Sequence
from typing import Protocol

from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.ledger.ledger import Entry
from arb.domain.market.ids import ClientOrderId, SessionId, TradeId, parse_client_order_id
from arb.domain.risk.review import Approved, Limits, Mode, Proposal, Refused
from arb.domain.trading.order import Event, Order, OrderReport
from arb.domain.trading.trade import Trade
from arb.ports import Session


class Note(Protocol):
    """Takes what changed, and returns at once."""

    def __call__(self, *trades: TradeId) -> None: ...


class MirroredTrades(SqlTradeStore):
    """`arb.ports.TradeStore` in PostgreSQL, mirrored."""

    __slots__ = ("note",)
    note: Note

    @classmethod
    def around(cls, inner: SqlTradeStore, note: Note) -> "MirroredTrades":
        """Return the same store, mirrored."""
        made = cls(inner.engine, inner.retry)
        object.__setattr__(made, "note", note)
        return made

    def open_trade(
        self, proposal: Proposal, orders: tuple[Order, Order], limits: Limits, now_ns: int
    ) -> Approved | Refused:
        verdict = SqlTradeStore.open_trade(self, proposal, orders, limits, now_ns)
        if isinstance(verdict, Approved):
            self.note(proposal.trade.trade_id)
        return verdict

    def add_orders(self, trade: Trade, orders: Sequence[Order]) -> Trade:
        changed = SqlTradeStore.add_orders(self, trade, orders)
        self.note(trade.trade_id)
        return changed

    def claim(self, client_order_id: ClientOrderId, now_ns: int) -> Order | None:
        order = SqlTradeStore.claim(self, client_order_id, now_ns)
        self._note(client_order_id)  # also without a claim: its lifetime may have ended just now
        return order

    def release(self, client_order_id: ClientOrderId, fence: int, reason: str, now_ns: int) -> bool:
        released = SqlTradeStore.release(self, client_order_id, fence, reason, now_ns)
        self._note(client_order_id)
        return released

    def lose(self, client_order_id: ClientOrderId, fence: int, reason: str, now_ns: int) -> bool:
        lost = SqlTradeStore.lose(self, client_order_id, fence, reason, now_ns)
        self._note(client_order_id)
        return lost

    def refuse(
        self, client_order_id: ClientOrderId, fence: int, event: Event, reason: str, now_ns: int
    ) -> bool:
        refused = SqlTradeStore.refuse(self, client_order_id, fence, event, reason, now_ns)
        self._note(client_order_id)
        return refused

    def deny(self, client_order_id: ClientOrderId, reason: str, now_ns: int) -> bool:
        denied = SqlTradeStore.deny(self, client_order_id, reason, now_ns)
        self._note(client_order_id)
        return denied

    def absent(self, client_order_id: ClientOrderId, reason: str, now_ns: int) -> Order:
        order = SqlTradeStore.absent(self, client_order_id, reason, now_ns)
        self.note(order.trade_id)
        return order

    def record(self, report: OrderReport, now_ns: int) -> Order:
        order = SqlTradeStore.record(self, report, now_ns)
        self.note(order.trade_id)
        return order

    def book_entry(self, session_id: SessionId, entry: Entry, now_ns: int) -> bool:
        booked = SqlTradeStore.book_entry(self, session_id, entry, now_ns)
        self.note()
        return booked

    def book_moves(self, session_id: SessionId, now_ns: int) -> int:
        booked = SqlTradeStore.book_moves(self, session_id, now_ns)
        if booked:
            self.note()
        return booked

    def _note(self, client_order_id: ClientOrderId) -> None:
        named = parse_client_order_id(client_order_id)
        if named is not None:
            self.note(named[0])


class MirroredSessions(SqlSessionStore):
    """`arb.ports.SessionStore` in PostgreSQL, mirrored."""

    __slots__ = ("note",)
    note: Note

    @classmethod
    def around(cls, inner: SqlSessionStore, note: Note) -> "MirroredSessions":
        """Return the same store, mirrored."""
        made = cls(inner.engine, inner.retry)
        object.__setattr__(made, "note", note)
        return made

    def set_mode(self, session_id: SessionId, mode: Mode, reason: str, now_ns: int) -> None:
        SqlSessionStore.set_mode(self, session_id, mode, reason, now_ns)
        self.note()

    def change_mode(self, seen: Session, mode: Mode, reason: str, now_ns: int) -> bool:
        changed = SqlSessionStore.change_mode(self, seen, mode, reason, now_ns)
        if changed:
            self.note()
        return changed
