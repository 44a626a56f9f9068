"""`arb.ports.trading.TradeStore` in PostgreSQL: each method is one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import Engine

from arb.adapters.postgres import (
    archive,
    claims,
    exposure,
    joined,
    ledger,
    neighbours,
    opening,
    recording,
    settling,
    views,
)
from arb.adapters.postgres.engine import asking, nothing_changed, reading, transaction
from arb.adapters.postgres.owners import require_own
from arb.adapters.postgres.retry import Retry, harmless_twice, interrupted_only
from arb.domain.ledger.ledger import Entry
from arb.domain.market.ids import ClientOrderId, Coin, FillId, SessionId, TradeId, Venue
from arb.domain.risk.known_exposure import KnownExposure, Way
from arb.domain.risk.review import Approved, Denied, Limits, Proposal
from arb.domain.trading.lone_leg import LoneLeg
from arb.domain.trading.order import Order, OrderEvent, OrderReport
from arb.domain.trading.trade import Trade
from arb.ports.trading import NOTHING_SEEN, Facts, Meanwhile, SessionView, TradeView, nothing_else


@dataclass(frozen=True, slots=True)
class SqlTradeStore:
    """Trades, orders, fills and ledger: the truth."""

    engine: Engine
    retry: Retry = field(default_factory=Retry)

    @harmless_twice
    def open_trade(
        self, proposal: Proposal, orders: tuple[Order, Order], limits: Limits, now_ns: int
    ) -> Approved | Denied:
        return opening.open_trade(self.engine, proposal, orders, limits, now_ns)

    @harmless_twice
    def open_reviewed(
        self,
        approved: Approved,
        orders: tuple[Order, Order],
        known: KnownExposure,
        meanwhile: Meanwhile = nothing_else,
    ) -> bool:
        return opening.open_reviewed(self.engine, approved.proposal, orders, known, meanwhile)

    @harmless_twice
    def known_exposure(self, session_id: SessionId, ways: Collection[Way], now_ns: int) -> KnownExposure:
        with asking(self.engine) as connection:
            return exposure.known(connection, session_id, ways, now_ns)

    @interrupted_only
    def add_orders(self, trade: Trade, orders: Sequence[Order], decided_on: Facts = NOTHING_SEEN) -> Trade:
        if not orders:
            return settling.change(self.engine, trade)
        return opening.add_orders(self.engine, trade, orders, decided_on)

    @harmless_twice
    def next_order_number(self, trade_id: TradeId, venue: Venue) -> int:
        with asking(self.engine) as connection:
            return views.next_order_number(connection, trade_id, venue)

    @interrupted_only
    def claim(self, client_order_id: ClientOrderId, now_ns: int) -> Order | None:
        return claims.claim(self.engine, client_order_id, now_ns)

    @interrupted_only
    def release(self, client_order_id: ClientOrderId, fence: int, reason: str, now_ns: int) -> bool:
        return claims.give_up(self.engine, client_order_id, fence, OrderEvent.RELEASE, reason, now_ns)

    @interrupted_only
    def lose(self, client_order_id: ClientOrderId, fence: int, reason: str, now_ns: int) -> bool:
        return claims.give_up(self.engine, client_order_id, fence, OrderEvent.LOSE, reason, now_ns)

    @interrupted_only
    def reject(
        self, client_order_id: ClientOrderId, fence: int, event: OrderEvent, reason: str, now_ns: int
    ) -> bool:
        return claims.give_up(self.engine, client_order_id, fence, event, reason, now_ns)

    @harmless_twice
    def absent(self, client_order_id: ClientOrderId, reason: str, now_ns: int) -> Order:
        return recording.absent(self.engine, client_order_id, reason, now_ns)

    @harmless_twice
    def record(self, report: OrderReport, now_ns: int, known: Order | None = None) -> Order:
        return recording.record(self.engine, report, now_ns, known)

    def deny(self, client_order_id: ClientOrderId, reason: str, now_ns: int) -> bool:
        return claims.deny(self.engine, client_order_id, reason, now_ns)

    @harmless_twice
    def order(self, client_order_id: ClientOrderId) -> Order | None:
        with asking(self.engine) as connection:
            return joined.order_view(connection, client_order_id)

    @harmless_twice
    def session_of(self, trade_id: TradeId) -> SessionId | None:
        """Return the session that a trade belongs to."""
        with asking(self.engine) as connection:
            return views.session_of(connection, trade_id)

    @harmless_twice
    def view(self, trade_id: TradeId) -> TradeView | None:
        with asking(self.engine) as connection:
            return joined.trade_view(connection, trade_id)

    @harmless_twice
    def active(self, session_id: SessionId) -> tuple[TradeView, ...]:
        with reading(self.engine) as connection:
            return views.active(connection, session_id)

    @harmless_twice
    def session_view(
        self, session_id: SessionId, coins: Sequence[Coin] | None, meanwhile: Meanwhile = nothing_else
    ) -> SessionView | None:
        with asking(self.engine) as connection:
            return joined.session_view(connection, session_id, coins, meanwhile)

    @harmless_twice
    def untold(self, session_id: SessionId, before_ns: int) -> tuple[Trade, ...]:
        with reading(self.engine) as connection:
            return views.untold(connection, session_id, before_ns)

    @harmless_twice
    def alone(self, session_id: SessionId) -> tuple[LoneLeg, ...]:
        with reading(self.engine) as connection:
            return views.alone(connection, session_id)

    @harmless_twice
    def unvalued(self, session_id: SessionId, limit: int) -> tuple[TradeId, ...]:
        with reading(self.engine) as connection:
            return views.unvalued(connection, session_id, limit)

    @harmless_twice
    def fees_assumed(self, session_id: SessionId, limit: int) -> tuple[ClientOrderId, ...]:
        with reading(self.engine) as connection:
            return views.fees_assumed(connection, session_id, limit)

    def correct_fees(
        self, trade: Trade, client_order_id: ClientOrderId, fees: Mapping[FillId, Decimal], now_ns: int
    ) -> Trade:
        return opening.correct_fees(self.engine, trade, client_order_id, fees, now_ns)

    @harmless_twice
    def archive(self, session_id: SessionId, before_ns: int) -> None:
        with reading(self.engine) as connection:
            if not archive.is_due(connection, session_id, before_ns):
                return
        with transaction(self.engine) as connection:
            archive.archive(connection, session_id, before_ns)
            nothing_changed(connection)  # of what it all adds up to

    @harmless_twice
    def filled_late(self, session_id: SessionId) -> tuple[TradeId, ...]:
        with reading(self.engine) as connection:
            return views.filled_late(connection, session_id)

    @harmless_twice
    def fee_assets(self, session_id: SessionId) -> frozenset[tuple[Venue, str]]:
        with asking(self.engine) as connection:
            return views.fee_assets(connection, session_id)

    @interrupted_only
    def value_fees(self, trade: Trade, values: Mapping[ClientOrderId, Mapping[FillId, Decimal]]) -> Trade:
        return opening.value_fees(self.engine, trade, values)

    @interrupted_only
    def repair_again(self, trade: Trade) -> Trade:
        return opening.repair_again(self.engine, trade)

    @harmless_twice
    def live(self, session_id: SessionId) -> tuple[Order, ...]:
        with reading(self.engine) as connection:
            return views.live(connection, session_id)

    @harmless_twice
    def overdue(self, session_id: SessionId, before_ns: int, ahead_ns: int) -> tuple[Order, ...]:
        with reading(self.engine) as connection:
            return views.overdue(connection, session_id, before_ns, ahead_ns)

    def moving(self, session_id: SessionId, since_ns: int) -> tuple[Order, ...]:
        with reading(self.engine) as connection:
            return views.moving(connection, session_id, since_ns)

    @harmless_twice
    def orders(self, ids: Collection[ClientOrderId]) -> tuple[Order, ...]:
        with reading(self.engine) as connection:
            return views.orders_of(connection, ids)

    @harmless_twice
    def book_entry(self, session_id: SessionId, entry: Entry, now_ns: int) -> bool:
        with transaction(self.engine) as connection:
            require_own(connection, session_id)
            return ledger.book(connection, session_id, (entry,), now_ns) == 1

    @harmless_twice
    def book_moves(self, session_id: SessionId, now_ns: int) -> int:
        with transaction(self.engine) as connection:
            booked = neighbours.book_moves(connection, session_id, now_ns)
            if not booked:
                nothing_changed(connection)
            return booked

    @harmless_twice
    def open_beside(self, session_id: SessionId, now_ns: int) -> bool:
        with transaction(self.engine) as connection:
            return neighbours.open_beside(connection, session_id, now_ns)

    @harmless_twice
    def balances(self, session_id: SessionId) -> Mapping[tuple[Venue, str], Decimal]:
        with reading(self.engine) as connection:
            return ledger.venue_balances(connection, session_id)

    @harmless_twice
    def free(self, session_id: SessionId) -> Mapping[tuple[Venue, str], Decimal]:
        with reading(self.engine) as connection:
            return exposure.free_balances(connection, session_id)

    @harmless_twice
    def working(self, session_id: SessionId) -> int:
        with reading(self.engine) as connection:
            return views.working(connection, session_id)
