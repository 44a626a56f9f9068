"""`arb.engine.trading.stability.VenueHealthStore` in memory."""

from dataclasses import dataclass

from arb.adapters.memory.exposure import siblings
from arb.adapters.memory.tables import MemoryTables, OrderEventRow, OrderRow
from arb.domain.market.ids import SessionId, TradeId, Venue
from arb.domain.risk.stability import (
    FAILURES,
    NEWEST,
    TROUBLES,
    Answer,
    Answers,
    VenueRecord,
    answers_of,
)
from arb.domain.risk.unfilled import EntryLeg, EntryPair
from arb.domain.trading.order import OrderEvent, OrderState, Purpose
from arb.domain.trading.trade import Trade


@dataclass(frozen=True, slots=True)
class MemoryVenueHealth:
    """What became of recent claims, by venue, and pauses that venues asked for."""

    tables: MemoryTables

    def pause(self, session_id: SessionId, venue: Venue, until_ns: int, reason: str) -> None:
        with self.tables.transaction():
            known_ns, _ = self.tables.pauses.get((session_id, venue), (0, ""))
            if known_ns < until_ns:
                self.tables.pauses[session_id, venue] = (until_ns, reason)

    def records(self, session_id: SessionId, since_ns: int) -> dict[Venue, VenueRecord]:
        with self.tables.transaction():
            return {venue: self._record(session_id, venue, since_ns) for venue in Venue}

    def entries(
        self, session_id: SessionId, opened_after_ns: int, changed_after_ns: int
    ) -> tuple[EntryPair, ...]:
        with self.tables.transaction():
            legs: dict[TradeId, list[OrderRow]] = {}
            for row in self.tables.orders.values():
                if row.session_id == session_id and row.order.purpose is Purpose.ENTRY:
                    legs.setdefault(row.order.trade_id, []).append(row)
            found = [
                self._pair(self.tables.trades[trade_id], rows)
                for trade_id, rows in legs.items()
                if self.tables.trades[trade_id].opened_at_ns > opened_after_ns
                and any(row.changed_at_ns > changed_after_ns for row in rows)
            ]
        return tuple(sorted(found, key=lambda pair: (pair.opened_at_ns, pair.trade_id)))

    def _pair(self, trade: Trade, rows: list[OrderRow]) -> EntryPair:
        legs = [
            EntryLeg(
                venue=row.order.venue,
                state=row.order.state,
                filled_share=row.order.filled_quantity / row.order.quantity,
                attempts=row.order.attempts,
                expires_at_ns=row.order.expires_at_ns,
                changed_at_ns=row.changed_at_ns,
                reason=row.order.reason,
            )
            for row in rows
        ]
        return EntryPair(
            trade_id=trade.trade_id,
            coin=trade.coin,
            direction=trade.direction,
            opened_at_ns=trade.opened_at_ns,
            legs=tuple(sorted(legs, key=lambda leg: leg.venue)),
            trial=self.tables.trials.get(trade.trade_id, {}),
        )

    def _record(self, session_id: SessionId, venue: Venue, since_ns: int) -> VenueRecord:
        rows = [
            row
            for row in self.tables.orders.values()
            if row.session_id == session_id
            and row.order.venue is venue
            and row.order.created_at_ns > since_ns
        ]
        events: list[OrderEventRow] = [event for row in rows for event in row.events]
        troubles = [event.at_ns for event in events if event.event in TROUBLES]
        return VenueRecord(
            claims=sum(event.event is OrderEvent.CLAIM for event in events),
            troubles=len(troubles),
            last_trouble_ns=max(troubles, default=0),
            paused_until_ns=self._paused_until_ns(session_id, venue),
        )

    def _paused_until_ns(self, session_id: SessionId, venue: Venue) -> int:
        """Return until when it is left alone: it asked the account, whichever session heard of it."""
        return max(
            (
                until_ns
                for (other, paused), (until_ns, _) in self.tables.pauses.items()
                if paused is venue and other in siblings(self.tables, session_id, venue)
            ),
            default=0,
        )

    def answers(self, session_id: SessionId, since_ns: int) -> dict[Venue, Answers]:
        with self.tables.transaction():
            return {venue: answers_of(self._newest(session_id, venue), since_ns) for venue in Venue}

    def _newest(self, session_id: SessionId, venue: Venue) -> list[Answer]:
        rows = [
            row
            for row in self.tables.orders.values()
            if row.session_id == session_id and row.order.venue is venue
        ]
        rows.sort(key=lambda row: row.order.created_at_ns, reverse=True)
        return [_answer(row) for row in rows[:NEWEST]]


def _failed_at_ns(row: OrderRow) -> int:
    """Return when an order last failed: the venue did not take it, or it was given up unsent."""
    failures = [
        event.at_ns
        for event in row.events
        if event.event in FAILURES
        or (event.event is OrderEvent.EXPIRE and event.from_state is OrderState.SUBMITTED)
    ]
    return max(failures, default=0)


def _answer(row: OrderRow) -> Answer:
    order = row.order
    return Answer.of(
        trade_id=order.trade_id,
        created_at_ns=order.created_at_ns,
        state=order.state,
        purpose=order.purpose,
        is_known=order.venue_order_id is not None,
        failed_at_ns=_failed_at_ns(row),
    )
