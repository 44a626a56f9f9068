"""`arb.engine.trading.stability.VenueHealthStore` in PostgreSQL."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, and_, case, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.engine import reading, transaction
from arb.adapters.postgres.rows import TRIAL, order_of
from arb.adapters.postgres.session_accounts import shared
from arb.adapters.postgres.tables import fills, order_events, orders, trades, venue_pauses
from arb.domain.market.ids import Coin, SessionId, TradeId, Venue
from arb.domain.market.pair import Direction
from arb.domain.risk.review import COIN
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

TROUBLE: Final = order_events.c.event.in_(sorted(event.value for event in TROUBLES))
SCOPES: Final = (COIN, *(venue.value for venue in Venue))
LEVELS: Final = [trades.c.decided_on[f"{TRIAL}{scope}"].astext.label(f"{TRIAL}{scope}") for scope in SCOPES]
FAILURE: Final = or_(
    order_events.c.event.in_(sorted(event.value for event in FAILURES)),
    and_(  # given up unsent
        order_events.c.event == OrderEvent.EXPIRE.value,
        order_events.c.from_state == OrderState.SUBMITTED.value,
    ),
)
CLAIM: Final = order_events.c.event == OrderEvent.CLAIM.value


@dataclass(frozen=True, slots=True)
class SqlVenueHealth:
    """What became of recent claims, by venue, and pauses that venues asked for."""

    engine: Engine

    def pause(self, session_id: SessionId, venue: Venue, until_ns: int, reason: str) -> None:
        values = {"session_id": session_id, "venue": venue.value, "until_ns": until_ns, "reason": reason}
        written = insert(venue_pauses).values(values)
        longer = written.on_conflict_do_update(
            index_elements=["session_id", "venue"],
            set_={"until_ns": written.excluded.until_ns, "reason": written.excluded.reason},
            where=venue_pauses.c.until_ns < written.excluded.until_ns,
        )
        with transaction(self.engine) as connection:
            connection.execute(longer)

    def records(self, session_id: SessionId, since_ns: int) -> dict[Venue, VenueRecord]:
        with reading(self.engine) as connection:
            paused = _paused(connection, session_id)
            found = {venue: VenueRecord(paused_until_ns=paused.get(venue, 0)) for venue in Venue}
            for row in connection.execute(_counts(session_id, since_ns)):
                venue = Venue(row.venue)
                found[venue] = VenueRecord(
                    claims=row.claims,
                    troubles=row.troubles,
                    last_trouble_ns=row.last_trouble_ns or 0,
                    paused_until_ns=paused.get(venue, 0),
                )
        return found

    def answers(self, session_id: SessionId, since_ns: int) -> dict[Venue, Answers]:
        with reading(self.engine) as connection:
            return {venue: answers_of(_newest(connection, session_id, venue), since_ns) for venue in Venue}

    def entries(
        self, session_id: SessionId, opened_after_ns: int, changed_after_ns: int
    ) -> tuple[EntryPair, ...]:
        with reading(self.engine) as connection:
            rows = connection.execute(_entry_legs(session_id, opened_after_ns, changed_after_ns)).all()
        return tuple(_pair(list(legs)) for _, legs in groupby(rows, key=lambda row: row.trade_id))


def _newest(connection: Connection, session_id: SessionId, venue: Venue) -> list[Answer]:
    newest = (
        select(orders)
        .where(orders.c.session_id == session_id, orders.c.venue == venue.value)
        .order_by(orders.c.created_at_ns.desc())
        .limit(NEWEST)
        .subquery()
    )
    failed_at_ns = (
        select(func.max(order_events.c.at_ns))
        .where(order_events.c.client_order_id == newest.c.client_order_id, FAILURE)
        .scalar_subquery()
    )
    rows = connection.execute(select(newest, failed_at_ns.label("failed_at_ns")))
    return [Answer.of(order_of(row), row.failed_at_ns or 0) for row in rows]


def _counts(session_id: SessionId, since_ns: int) -> Select[Any]:
    return (
        select(
            orders.c.venue,
            func.count().filter(CLAIM).label("claims"),
            func.count().filter(TROUBLE).label("troubles"),
            func.max(order_events.c.at_ns).filter(TROUBLE).label("last_trouble_ns"),
        )
        .join(order_events, order_events.c.client_order_id == orders.c.client_order_id)
        .where(orders.c.session_id == session_id, orders.c.created_at_ns > since_ns)
        .group_by(orders.c.venue)
    )


def _entry_legs(session_id: SessionId, opened_after_ns: int, changed_after_ns: int) -> Select[Any]:
    changed = select(orders.c.trade_id).where(
        orders.c.session_id == session_id,
        orders.c.changed_at_ns > changed_after_ns,
        orders.c.purpose == Purpose.ENTRY.value,
    )
    executed = (
        select(func.coalesce(func.sum(fills.c.quantity), 0))
        .where(fills.c.client_order_id == orders.c.client_order_id)
        .scalar_subquery()
    )
    filled = case((orders.c.state == OrderState.FILLED.value, orders.c.quantity), else_=executed)
    return (
        select(
            trades.c.trade_id, trades.c.coin, trades.c.direction, trades.c.opened_at_ns, *LEVELS,
            orders.c.venue, orders.c.state, orders.c.quantity, orders.c.attempts, orders.c.expires_at_ns,
            orders.c.changed_at_ns, orders.c.reason, filled.label("filled"),
        )
        .join(orders, orders.c.trade_id == trades.c.trade_id)
        .where(
            trades.c.session_id == session_id,
            trades.c.opened_at_ns > opened_after_ns,
            trades.c.trade_id.in_(changed),
            orders.c.purpose == Purpose.ENTRY.value,
        )
        .order_by(trades.c.opened_at_ns, trades.c.trade_id, orders.c.venue)
    )  # fmt: skip


def _pair(rows: list[Row[Any]]) -> EntryPair:
    trade = rows[0]
    return EntryPair(
        trade_id=TradeId(trade.trade_id),
        coin=Coin(trade.coin),
        direction=Direction(trade.direction),
        opened_at_ns=trade.opened_at_ns,
        legs=tuple(
            EntryLeg(
                venue=Venue(row.venue),
                state=OrderState(row.state),
                filled_share=row.filled / row.quantity,
                attempts=row.attempts,
                expires_at_ns=row.expires_at_ns,
                changed_at_ns=row.changed_at_ns,
                reason=row.reason,
            )
            for row in rows
        ),
        trial={
            scope: int(level) for scope in SCOPES if (level := getattr(trade, f"{TRIAL}{scope}")) is not None
        },
    )


def _paused(connection: Connection, session_id: SessionId) -> dict[Venue, int]:
    """Return until when each venue is left alone: it asked the account, whichever session heard of it."""
    until_ns = func.max(venue_pauses.c.until_ns).label("until_ns")
    at_hand = tuple_(venue_pauses.c.session_id, venue_pauses.c.venue).in_(shared(session_id))
    wanted = select(venue_pauses.c.venue, until_ns).where(
        or_(venue_pauses.c.session_id == session_id, at_hand)
    )
    return {
        Venue(row.venue): row.until_ns for row in connection.execute(wanted.group_by(venue_pauses.c.venue))
    }


def pauses(connection: Connection, session_id: SessionId) -> dict[Venue, tuple[int, str]]:
    """Return until when this session was asked to leave each venue alone, and why."""
    wanted = select(venue_pauses).where(venue_pauses.c.session_id == session_id)
    rows = connection.execute(wanted.order_by(venue_pauses.c.venue))
    return {Venue(row.venue): (row.until_ns, row.reason) for row in rows}
