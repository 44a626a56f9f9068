"""Trades with their orders and fills, side by side in one statement: one round trip, and of one moment.

It is what each evaluation, each settlement and each report begins with; read one after the other in a
transaction they are five round trips. Prepared, since the server would take longer to plan it than to run it.
What an evaluation reads has mostly not changed since the one before: a trade whose rows are of the versions
that a connection has read already is not made of them again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    select,
)

from arb.adapters.postgres.at_risk import ACTIVE
from arb.adapters.postgres.prepared import Prepared
from arb.adapters.postgres.rows import fill_of, order_of, trade_of
from arb.adapters.postgres.tables import fills, orders, review_marks, sessions, trades
from arb.domain.market.ids import ClientOrderId, Coin, SessionId, TradeId
from arb.domain.risk.review import Mode
from arb.domain.trading.order import Fill, Order
from arb.ports.trading import Meanwhile, SessionView, TradeView

BESIDE: Final = frozenset({"decided_on", "decided_later", "archived", "take_ups"})  # of no use to a decision
TRADE: Final[Sequence[Column[Any]]] = [each for each in trades.c if each.name not in BESIDE]
ORDER: Final[Sequence[Column[Any]]] = list(orders.c)
FILL: Final[Sequence[Column[Any]]] = [fills.c[name] for name in Fill.__dataclass_fields__]
AT_TRADE, AT_ORDER = 2, 2 + len(TRADE)
AT_FILL: Final = AT_ORDER + len(ORDER)
AT_VERSIONS: Final = AT_FILL + len(FILL)
VERSIONS: Final[Sequence[ColumnElement[Any]]] = tuple(
    literal_column(f"{table.name}.xmin") for table in (trades, orders, fills)
)
KEPT, KEPT_MAX = "arb_views", 500  # trades a connection
OF_TRADE: Final = orders.c.trade_id == trades.c.trade_id
OF_ORDER: Final = fills.c.client_order_id == orders.c.client_order_id
BY_AGE: Final = (
    trades.c.opened_at_ns, trades.c.trade_id,
    orders.c.created_at_ns, orders.c.client_order_id,
    fills.c.ts_event_ns, fills.c.fill_id,
)  # fmt: skip
UNDER_WAY: Final = and_(trades.c.session_id == sessions.c.session_id, trades.c.state.in_(ACTIVE))


def _session_view(under_way: ColumnElement[bool]) -> Select[Any]:
    return (
        select(sessions.c.mode, func.coalesce(review_marks.c.mark, 0), *TRADE, *ORDER, *FILL, *VERSIONS)
        .select_from(sessions)
        .outerjoin(review_marks, review_marks.c.session_id == sessions.c.session_id)
        .outerjoin(trades, under_way)
        .outerjoin(orders, OF_TRADE)
        .outerjoin(fills, OF_ORDER)
        .where(sessions.c.session_id == bindparam("session_id"))
        .order_by(*BY_AGE)
    )


SESSION_VIEW: Final = Prepared("arb_session_view", _session_view(UNDER_WAY), {"session_id": "text"})
SESSION_VIEW_OF_COINS: Final = Prepared(
    "arb_session_view_of_coins",
    _session_view(and_(UNDER_WAY, trades.c.coin == func.any(bindparam("coins")))),
    {"session_id": "text", "coins": "text[]"},
)
TRADES: Final = (
    select(literal(""), literal(0), *TRADE, *ORDER, *FILL)
    .select_from(trades)
    .outerjoin(orders, OF_TRADE)
    .outerjoin(fills, OF_ORDER)
    .order_by(*BY_AGE)
)
TRADE_VIEW: Final = Prepared(
    "arb_trade_view", TRADES.where(trades.c.trade_id == bindparam("trade_id")), {"trade_id": "text"}
)
TRADE_VIEWS: Final = Prepared(
    "arb_trade_views",
    TRADES.where(trades.c.trade_id == func.any(bindparam("trade_ids"))),
    {"trade_ids": "text[]"},
)
ORDER_VIEW: Final = Prepared(
    "arb_order_view",
    select(*ORDER, *FILL)
    .select_from(orders)
    .outerjoin(fills, OF_ORDER)
    .where(orders.c.client_order_id == bindparam("client_order_id"))
    .order_by(fills.c.ts_event_ns, fills.c.fill_id),
    {"client_order_id": "text"},
)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A trade as it was read, and the transactions that wrote its rows: of the same ones it is the same."""

    versions: Sequence[Any]
    view: TradeView


def session_view(
    connection: Connection, session_id: SessionId, coins: Sequence[Coin] | None, meanwhile: Meanwhile
) -> SessionView | None:
    """Return how a session stands, with its trades of these coins that have not ended, the oldest first."""
    of_coins = {} if coins is None else {"coins": list(coins)}
    statement = SESSION_VIEW if coins is None else SESSION_VIEW_OF_COINS
    found = statement.execute(connection, {"session_id": session_id, **of_coins}, meanwhile=meanwhile)
    rows: Sequence[Any] = found.all()
    if not rows:
        return None
    mode, mark = rows[0][:AT_TRADE]
    kept: dict[TradeId, _Kept] = connection.info.setdefault(KEPT, {})
    seen = dict(_kept_or_read(rows, kept))
    if len(kept) + len(seen) > KEPT_MAX:
        kept.clear()
    kept.update(seen)
    return SessionView(mode=Mode(mode), trades=tuple(each.view for each in seen.values()), mark=mark)


def trade_view(connection: Connection, trade_id: TradeId) -> TradeView | None:
    """Return a trade and its orders."""
    return next(iter(_trades(TRADE_VIEW.execute(connection, {"trade_id": trade_id}))), None)


def trade_views(connection: Connection, ids: Collection[TradeId]) -> tuple[TradeView, ...]:
    """Return these trades, oldest first; those that do not exist are left out."""
    return tuple(_trades(TRADE_VIEWS.execute(connection, {"trade_ids": list(ids)}))) if ids else ()


def order_view(connection: Connection, client_order_id: ClientOrderId) -> Order | None:
    """Return one order."""
    rows = ORDER_VIEW.execute(connection, {"client_order_id": client_order_id})
    return next(iter(_orders(rows, 0)), None)


def _by_trade(rows: Iterable[Row[Any]]) -> Iterator[tuple[TradeId, list[Row[Any]]]]:
    """Yield the rows of each trade; a session without any has one of none."""
    for trade_id, of_trade in groupby(rows, key=itemgetter(AT_TRADE)):
        if trade_id is not None:
            yield trade_id, list(of_trade)


def _trades(rows: Iterable[Row[Any]]) -> Iterator[TradeView]:
    return (_trade(listed) for _, listed in _by_trade(rows))


def _kept_or_read(rows: Iterable[Row[Any]], kept: Mapping[TradeId, _Kept]) -> Iterator[tuple[TradeId, _Kept]]:
    for trade_id, listed in _by_trade(rows):
        versions = [row[AT_VERSIONS:] for row in listed]
        before = kept.get(trade_id)
        if before is None or before.versions != versions:
            before = _Kept(versions, _trade(listed))
        yield trade_id, before


def _trade(listed: Sequence[Row[Any]]) -> TradeView:
    trade = trade_of(_part(listed[0], AT_TRADE, TRADE))
    return TradeView(trade, tuple(_orders(listed, AT_ORDER)))


def _orders(rows: Iterable[Row[Any]], at: int) -> Iterator[Order]:
    for order_id, of_order in groupby(rows, key=itemgetter(at)):
        if order_id is not None:
            listed = list(of_order)
            filled = [row for row in listed if row[at + len(ORDER)] is not None]
            known = [fill_of(_part(row, at + len(ORDER), FILL)) for row in filled]
            yield order_of(_part(listed[0], at, ORDER), known)


def _part(row: Row[Any], at: int, columns: Sequence[Column[Any]]) -> Any:
    """Return a part of a row as a row of its own."""
    values = row[at : at + len(columns)]
    return SimpleNamespace(**{column.name: value for column, value in zip(columns, values, strict=True)})
