"""`arb.engine.ledger.report.ReportStore` in PostgreSQL: the database adds up, one view of one moment."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, select

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.exposure import ACTIVE
from arb.adapters.postgres.tables import fills, orders, sessions, trades
from arb.domain.errors import InvariantError
from arb.domain.ledger.report import Held, SessionTotals
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.instrument import Side
from arb.domain.market.money import ZERO
from arb.domain.time import ALWAYS, Span
from arb.domain.trading.order import State
from arb.domain.trading.trade import TradeState

FILLED: Final = fills.join(orders, fills.c.client_order_id == orders.c.client_order_id).join(
    trades, orders.c.trade_id == trades.c.trade_id
)
SIGN: Final = case((orders.c.side == Side.BUY.value, 1), else_=-1)
BASE_FEE: Final = case((fills.c.fee_asset == trades.c.coin, fills.c.fee), else_=0)
CURRENCY: Final = case(*((fills.c.venue == venue.value, venue.quote) for venue in Venue), else_="")
QUOTE_FEE: Final = case((fills.c.fee_asset == CURRENCY, fills.c.fee), else_=0)


@dataclass(frozen=True, slots=True)
class SqlReportStore:
    """Sums of a session's rows; of a span, those of the trades that ended in it or, unended, began in it."""

    engine: Engine
    span: Span = ALWAYS

    def totals(self, session_id: SessionId) -> SessionTotals:
        with reading(self.engine) as connection:
            started = connection.execute(
                select(sessions.c.started_at_ns).where(sessions.c.session_id == session_id)
            ).scalar_one_or_none()
            if started is None:
                raise InvariantError(f"session {session_id} does not exist")
            ours = trades_in(session_id, self.span)
            return SessionTotals(
                started_at_ns=started,
                trades=_trades(connection, ours),
                realised_krw=_realised(connection, ours),
                orders=_orders(connection, session_id, self.span),
                fills=_fills(connection, ours),
                fees=_fees(connection, ours),
                held=_held(connection, ours),
                residual=_residual(connection, ours),
            )


def trades_in(session_id: SessionId, span: Span) -> ColumnElement[bool]:
    """Return what picks a session's trades that ended in a span, or began in it and have not ended."""
    own = trades.c.session_id == session_id
    if span.is_whole:
        return own
    moment = func.coalesce(func.nullif(trades.c.closed_at_ns, 0), trades.c.opened_at_ns)
    return and_(own, moment.between(span.from_ns, span.to_ns))


def _trades(connection: Connection, ours: ColumnElement[bool]) -> dict[tuple[Coin, TradeState], int]:
    counted = (
        select(trades.c.coin, trades.c.state, func.count().label("number"))
        .where(ours)
        .group_by(trades.c.coin, trades.c.state)
    )
    return {(Coin(row.coin), TradeState(row.state)): row.number for row in connection.execute(counted)}


def _realised(connection: Connection, ours: ColumnElement[bool]) -> dict[Coin, Decimal]:
    summed = (
        select(trades.c.coin, func.sum(trades.c.pnl_krw).label("amount"))
        .where(ours, trades.c.state.not_in(ACTIVE))
        .group_by(trades.c.coin)
    )
    return {Coin(row.coin): row.amount for row in connection.execute(summed)}


def _residual(connection: Connection, ours: ColumnElement[bool]) -> dict[Coin, Decimal]:
    summed = (
        select(trades.c.coin, func.sum(trades.c.residual).label("amount"))
        .where(ours, trades.c.state.not_in(ACTIVE), trades.c.residual != 0)
        .group_by(trades.c.coin)
    )
    return {Coin(row.coin): row.amount for row in connection.execute(summed)}


def _orders(connection: Connection, session_id: SessionId, span: Span) -> dict[State, int]:
    counted = (
        select(orders.c.state, func.count().label("number"))
        .where(orders.c.session_id == session_id)
        .group_by(orders.c.state)
    )
    if not span.is_whole:
        counted = counted.where(
            orders.c.trade_id.in_(select(trades.c.trade_id).where(trades_in(session_id, span)))
        )
    return {State(row.state): row.number for row in connection.execute(counted)}


def _fills(connection: Connection, ours: ColumnElement[bool]) -> dict[Coin, int]:
    counted = (
        select(trades.c.coin, func.count().label("number"))
        .select_from(FILLED)
        .where(ours)
        .group_by(trades.c.coin)
    )
    return {Coin(row.coin): row.number for row in connection.execute(counted)}


def _fees(connection: Connection, ours: ColumnElement[bool]) -> dict[tuple[Venue, str], Decimal]:
    summed = (
        select(fills.c.venue, fills.c.fee_asset, func.sum(fills.c.fee).label("amount"))
        .select_from(FILLED)
        .where(ours)
        .group_by(fills.c.venue, fills.c.fee_asset)
    )
    return {(Venue(row.venue), row.fee_asset): row.amount for row in connection.execute(summed)}


def _held(connection: Connection, ours: ColumnElement[bool]) -> dict[Coin, Held]:
    """Return what the fills of trades that have not ended add up to, fees off."""
    base: Any = func.sum(SIGN * fills.c.quantity - BASE_FEE)
    third_fee = func.coalesce(
        fills.c.fee_in_quote, 0
    )  # what was paid in a third asset, as far as it is valued
    quote: Any = func.sum(-SIGN * fills.c.quantity * fills.c.price - QUOTE_FEE - third_fee)
    summed = (
        select(trades.c.coin, fills.c.venue, base.label("base"), quote.label("quote"))
        .select_from(FILLED)
        .where(ours, trades.c.state.in_(ACTIVE))
        .group_by(trades.c.coin, fills.c.venue)
    )
    flows: dict[Coin, dict[Venue, Any]] = defaultdict(dict)
    for row in connection.execute(summed):
        flows[Coin(row.coin)][Venue(row.venue)] = row
    return {
        coin: Held(
            krw=sum((row.quote for venue, row in by_venue.items() if venue.quote == "KRW"), ZERO),
            usdt=sum((row.quote for venue, row in by_venue.items() if venue.quote == "USDT"), ZERO),
            base=sum((row.base for row in by_venue.values()), ZERO),
        )
        for coin, by_venue in flows.items()
    }
