"""Reading trades and orders; each view is of one moment."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, exists, func, or_, select, tuple_, union

from arb.adapters.postgres.at_risk import ACTIVE, ALONE
from arb.adapters.postgres.neighbours import siblings
from arb.adapters.postgres.rows import THIRD_FEE, fill_of, order_of, trade_of
from arb.adapters.postgres.session_accounts import shared
from arb.adapters.postgres.tables import alerts, fills, order_events, orders, trades
from arb.domain.health.alert import AlertKind
from arb.domain.market.ids import ClientOrderId, SessionId, TradeId, Venue
from arb.domain.trading.lone_leg import LoneLeg
from arb.domain.trading.order import AT_VENUE, FEES_OF_ORDERS, TERMINAL, Fill, Order, OrderState
from arb.domain.trading.trade import MOVING, Trade, TradeState
from arb.ports.trading import TradeView

LIVE: Final = sorted(state.value for state in OrderState if state not in TERMINAL)
OVER: Final = ("canceled", "expired")  # what an order may be filled after; in the words of the index
OUT: Final = sorted(state.value for state in AT_VENUE)  # whose outcome is not known


def orders_of(connection: Connection, ids: Collection[ClientOrderId]) -> tuple[Order, ...]:
    """Return those of these orders that exist, by age."""
    found = select(orders).where(orders.c.client_order_id == func.any(list(ids)))
    return tuple(_orders(connection, found)) if ids else ()


def live(connection: Connection, session_id: SessionId) -> tuple[Order, ...]:
    """Return live orders, the longest unchanged first."""
    return tuple(_orders(connection, _live(session_id)))


def overdue(
    connection: Connection, session_id: SessionId, before_ns: int, ahead_ns: int
) -> tuple[Order, ...]:
    """Return those that have not changed between these moments."""
    is_young = orders.c.changed_at_ns.between(before_ns, ahead_ns)
    return tuple(_orders(connection, _live(session_id).where(~is_young)))


def _live(session_id: SessionId) -> Select[Any]:
    found = select(orders).where(orders.c.session_id == session_id, orders.c.state.in_(LIVE))
    return found.order_by(orders.c.changed_at_ns, orders.c.client_order_id)


def moving(connection: Connection, session_id: SessionId, since_ns: int) -> tuple[Order, ...]:
    """Return the orders on a session's accounts that are live or have changed since `since_ns`, by age."""
    at_hand = tuple_(orders.c.session_id, orders.c.venue).in_(shared(session_id))
    own = select(orders.c.client_order_id).where(
        orders.c.session_id.in_(siblings(session_id)), or_(orders.c.session_id == session_id, at_hand)
    )
    ids = union(own.where(orders.c.state.in_(LIVE)), own.where(orders.c.changed_at_ns >= since_ns))
    return tuple(_orders(connection, select(orders).where(orders.c.client_order_id.in_(ids))))


def working(connection: Connection, session_id: SessionId) -> int:
    """Return how many orders may still execute."""
    counted = (
        select(func.count())
        .select_from(orders)
        .where(orders.c.session_id == session_id, orders.c.state.in_(LIVE))
    )
    return connection.execute(counted).scalar_one()


def next_order_number(connection: Connection, trade_id: TradeId, venue: Venue) -> int:
    """Return the number of the trade's next order on a venue; numbers are never reused."""
    counted = (
        select(func.count())
        .select_from(orders)
        .where(orders.c.trade_id == trade_id, orders.c.venue == venue.value)
    )
    return connection.execute(counted).scalar_one() + 1


def session_of(connection: Connection, trade_id: TradeId) -> SessionId | None:
    """Return the session that a trade belongs to."""
    return connection.execute(select(trades.c.session_id).where(trades.c.trade_id == trade_id)).scalar()


def active(connection: Connection, session_id: SessionId) -> tuple[TradeView, ...]:
    """Return the trades that have not ended, oldest first."""
    found = select(trades).where(trades.c.session_id == session_id, trades.c.state.in_(ACTIVE))
    return _views(connection, found.order_by(trades.c.opened_at_ns, trades.c.trade_id))


def active_ids(connection: Connection, session_id: SessionId) -> list[TradeId]:
    """Return the ids of the trades that have not ended, oldest first."""
    found = select(trades.c.trade_id).where(trades.c.session_id == session_id, trades.c.state.in_(ACTIVE))
    return list(connection.execute(found.order_by(trades.c.opened_at_ns, trades.c.trade_id)).scalars())


def untold(connection: Connection, session_id: SessionId, before_ns: int) -> tuple[Trade, ...]:
    """Return the trades escalated before then of which no alert of that time or later tells."""
    told = exists().where(
        alerts.c.kind == AlertKind.TRADE_ESCALATED,
        alerts.c.subject == trades.c.trade_id,
        alerts.c.at_ns >= trades.c.closed_at_ns,
    )
    found = (
        select(trades)
        .where(
            trades.c.session_id == session_id,
            trades.c.state == TradeState.ESCALATED.value,
            trades.c.closed_at_ns < before_ns,
            ~told,
        )
        .order_by(trades.c.closed_at_ns, trades.c.trade_id)
    )
    return tuple(trade_of(row) for row in connection.execute(found))


def alone(connection: Connection, session_id: SessionId) -> tuple[LoneLeg, ...]:
    """Return the legs that were escalated and stand alone, or are being repaired again, oldest first."""
    taken_up = and_(trades.c.state == TradeState.REPAIRING.value, trades.c.take_ups > 0)
    found = select(trades).where(trades.c.session_id == session_id, or_(ALONE, taken_up))
    rows = connection.execute(found.order_by(trades.c.opened_at_ns, trades.c.trade_id))
    return tuple(LoneLeg(trade=trade_of(row), take_ups=row.take_ups) for row in rows)


def unvalued(connection: Connection, session_id: SessionId, limit: int) -> tuple[TradeId, ...]:
    """Return trades with a fee of which nobody knows what it was worth, the oldest first."""
    found = (
        select(orders.c.trade_id)
        .distinct()
        .join(fills, fills.c.client_order_id == orders.c.client_order_id)
        .where(orders.c.session_id == session_id, fills.c.unvalued)
        .order_by(orders.c.trade_id)
        .limit(limit)
    )
    return tuple(TradeId(found) for found in connection.execute(found).scalars())


def fees_assumed(connection: Connection, session_id: SessionId, limit: int) -> tuple[ClientOrderId, ...]:
    """Return orders that are over, with a fee that their venue has not named yet, the oldest first."""
    found = (
        select(orders.c.client_order_id)
        .distinct()
        .join(fills, fills.c.client_order_id == orders.c.client_order_id)
        .where(orders.c.session_id == session_id, fills.c.fee_is_assumed, orders.c.state.not_in(LIVE))
        .order_by(orders.c.client_order_id)
        .limit(limit)
    )
    return tuple(ClientOrderId(found) for found in connection.execute(found).scalars())


def filled_late(connection: Connection, session_id: SessionId) -> tuple[TradeId, ...]:
    """Return trades at rest with an order that was filled after it, and they, had come to their end."""
    found = (
        select(trades.c.trade_id)
        .distinct()
        .select_from(order_events)
        .join(orders, orders.c.client_order_id == order_events.c.client_order_id)
        .join(trades, trades.c.trade_id == orders.c.trade_id)
        .where(
            order_events.c.from_state.in_(OVER),
            trades.c.session_id == session_id,
            trades.c.state.not_in(sorted(MOVING)),
            trades.c.updated_at_ns < order_events.c.at_ns,
        )
        .order_by(trades.c.trade_id)
    )
    return tuple(TradeId(found) for found in connection.execute(found).scalars())


def fee_assets(connection: Connection, session_id: SessionId) -> frozenset[tuple[Venue, str]]:
    """Return in which third assets the newest fees were taken, by venue."""
    newest = (
        select(orders.c.client_order_id)
        .where(orders.c.session_id == session_id)
        .order_by(orders.c.created_at_ns.desc())
        .limit(FEES_OF_ORDERS)
        .subquery()
    )
    found = (
        select(fills.c.venue, fills.c.fee_asset)
        .distinct()
        .join(newest, newest.c.client_order_id == fills.c.client_order_id)
        .where(THIRD_FEE)
    )
    return frozenset((Venue(row.venue), row.fee_asset) for row in connection.execute(found))


def _views(connection: Connection, found: Select[Any]) -> tuple[TradeView, ...]:
    """Return the trades of a query with all of their orders, in three statements however many."""
    listed = [trade_of(row) for row in connection.execute(found)]
    if not listed:
        return ()
    ids = [trade.trade_id for trade in listed]
    by_trade: dict[str, list[Order]] = defaultdict(list)
    for order_ in _orders(connection, select(orders).where(orders.c.trade_id == func.any(ids))):
        by_trade[order_.trade_id].append(order_)
    return tuple(TradeView(trade, tuple(by_trade[trade.trade_id])) for trade in listed)


def _orders(connection: Connection, found: Select[Any]) -> list[Order]:
    """Return the orders of a query with their fills; by age unless the query says otherwise."""
    rows = connection.execute(found.order_by(orders.c.created_at_ns, orders.c.client_order_id)).all()
    by_order = _fills(connection, rows)
    return [order_of(row, by_order[row.client_order_id]) for row in rows]


def _fills(connection: Connection, rows: Iterable[Row[Any]]) -> dict[str, list[Fill]]:
    ids = [row.client_order_id for row in rows if row.event_seq]
    by_order: dict[str, list[Fill]] = defaultdict(list)
    if ids:
        found = (
            select(fills)
            .where(fills.c.client_order_id == func.any(ids))
            .order_by(fills.c.ts_event_ns, fills.c.fill_id)
        )
        for row in connection.execute(found):
            by_order[row.client_order_id].append(fill_of(row))
    return by_order
