"""`arb.engine.ledger.report.ReportStore` in PostgreSQL: the database adds up, one view of one moment."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, case, func, select, text

from arb.adapters.postgres import archive
from arb.adapters.postgres.at_risk import ACTIVE
from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.tables import fills, orders, sessions, trades
from arb.domain.errors import InvariantError
from arb.domain.ledger.report import OpenValue, SessionTotals
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.instrument import Side
from arb.domain.market.money import EXACT, ZERO
from arb.domain.time import ALWAYS, Span
from arb.domain.trading.order import OrderState
from arb.domain.trading.trade import TradeState

Key = TypeVar("Key")
FILLED: Final = fills.join(orders, fills.c.client_order_id == orders.c.client_order_id)
COIN: Final = func.split_part(orders.c.symbol, text("'/'"), text("1"))
SIGN: Final = case((orders.c.side == Side.BUY.value, 1), else_=-1)
BASE_FEE: Final = case((fills.c.fee_asset == COIN, fills.c.fee), else_=0)
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
            part = _Part(connection, session_id, self.span)
            return SessionTotals(
                started_at_ns=started,
                trades=_trades(part),
                realised_krw=_realised(part),
                orders=_orders(part),
                fills=_fills(part),
                fees=_fees(part),
                held=_held(part),
                residual=_residual(part),
            )


def trades_in(session_id: SessionId, span: Span) -> ColumnElement[bool]:
    """Return what picks a session's trades that ended in a span, or began in it and have not ended."""
    own = trades.c.session_id == session_id
    if span.is_whole:
        return own
    moment = func.coalesce(func.nullif(trades.c.closed_at_ns, 0), trades.c.opened_at_ns)
    return and_(own, moment.between(span.from_ns, span.to_ns))


@dataclass(frozen=True, slots=True)
class _Part:
    """What of a session is added up: all of it by what is archived and the rest, a span by its rows alone."""

    connection: Connection
    session_id: SessionId
    span: Span

    def trades(self) -> ColumnElement[bool]:
        ours = trades_in(self.session_id, self.span)
        return and_(ours, ~trades.c.archived) if self.span.is_whole else ours

    def orders(self) -> ColumnElement[bool]:
        if self.span.is_whole:
            return and_(orders.c.session_id == self.session_id, ~orders.c.archived)
        return orders.c.trade_id.in_(select(trades.c.trade_id).where(self.trades()))

    def archived(self, name: str) -> list[Row[Any]]:
        return archive.sums(self.connection, self.session_id, name) if self.span.is_whole else []


def _trades(part: _Part) -> dict[tuple[Coin, TradeState], int]:
    counted = (
        select(trades.c.coin, trades.c.state, func.count().label("number"))
        .where(part.trades())
        .group_by(trades.c.coin, trades.c.state)
    )
    found = Counter({(row.coin, row.state): row.number for row in part.connection.execute(counted)})
    for row in part.archived("trades"):
        found[archive.first(row.name), archive.second(row.name)] += row.number
    return {(Coin(coin), TradeState(state)): number for (coin, state), number in found.items()}


def _realised(part: _Part) -> dict[Coin, Decimal]:
    summed = (
        select(trades.c.coin, func.sum(trades.c.pnl_krw).label("amount"))
        .where(part.trades(), trades.c.state.not_in(ACTIVE))
        .group_by(trades.c.coin)
    )
    found = [(Coin(row.coin), row.amount) for row in part.connection.execute(summed)]
    found += [(Coin(archive.first(row.name)), row.amount) for row in part.archived("trades")]
    return _summed(found)


def _residual(part: _Part) -> dict[Coin, Decimal]:
    summed = (
        select(trades.c.coin, func.sum(trades.c.residual).label("amount"))
        .where(part.trades(), trades.c.state.not_in(ACTIVE), trades.c.residual != 0)
        .group_by(trades.c.coin)
    )
    found = [(Coin(row.coin), row.amount) for row in part.connection.execute(summed)]
    found += [(Coin(row.name), row.amount) for row in part.archived("residual") if row.amount]
    return _summed(found)


def _orders(part: _Part) -> dict[OrderState, int]:
    counted = (
        select(orders.c.state, func.count().label("number")).where(part.orders()).group_by(orders.c.state)
    )
    found = Counter({row.state: row.number for row in part.connection.execute(counted)})
    for row in part.archived("orders"):
        found[archive.second(row.name)] += row.number
    return {OrderState(state): number for state, number in found.items()}


def _fills(part: _Part) -> dict[Coin, int]:
    counted = (
        select(COIN.label("coin"), func.count().label("number"))
        .select_from(FILLED)
        .where(part.orders())
        .group_by(COIN)
    )
    found = Counter({row.coin: row.number for row in part.connection.execute(counted)})
    for row in part.archived("fills"):
        found[row.name] += row.number
    return {Coin(name): number for name, number in found.items()}


def _fees(part: _Part) -> dict[tuple[Venue, str], Decimal]:
    summed = (
        select(fills.c.venue, fills.c.fee_asset, func.sum(fills.c.fee).label("amount"))
        .select_from(FILLED)
        .where(part.orders())
        .group_by(fills.c.venue, fills.c.fee_asset)
    )
    found = [((Venue(row.venue), row.fee_asset), row.amount) for row in part.connection.execute(summed)]
    for row in part.archived("fees"):
        found.append(((Venue(archive.first(row.name)), archive.second(row.name)), row.amount))
    return _summed(found)


def _summed(found: Iterable[tuple[Key, Decimal]]) -> dict[Key, Decimal]:
    summed: dict[Key, Decimal] = {}
    for key, amount in found:
        summed[key] = EXACT.add(summed.get(key, ZERO), amount)
    return summed


def _held(part: _Part) -> dict[Coin, OpenValue]:
    """Return what the fills of trades that have not ended add up to, fees off."""
    active = select(trades.c.trade_id).where(part.trades(), trades.c.state.in_(ACTIVE))
    trade_ids = part.connection.scalars(
        active
    ).all()  # by themselves: the planner cannot know how few they are
    base: Any = func.sum(SIGN * fills.c.quantity - BASE_FEE)
    third_fee = func.coalesce(
        fills.c.fee_in_quote, 0
    )  # what was paid in a third asset, as far as it is valued
    quote: Any = func.sum(-SIGN * fills.c.quantity * fills.c.price - QUOTE_FEE - third_fee)
    summed = (
        select(COIN.label("coin"), fills.c.venue, base.label("base"), quote.label("quote"))
        .select_from(FILLED)
        .where(orders.c.trade_id.in_(trade_ids))
        .group_by(COIN, fills.c.venue)
    )
    flows: dict[Coin, dict[Venue, Any]] = defaultdict(dict)
    for row in part.connection.execute(summed):
        flows[Coin(row.coin)][Venue(row.venue)] = row
    return {
        coin: OpenValue(
            krw=sum((row.quote for venue, row in by_venue.items() if venue.quote == "KRW"), ZERO),
            usdt=sum((row.quote for venue, row in by_venue.items() if venue.quote == "USDT"), ZERO),
            base=sum((row.base for row in by_venue.values()), ZERO),
        )
        for coin, by_venue in flows.items()
    }
