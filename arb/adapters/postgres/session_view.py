"""A session's mode and trades in one statement: what each evaluation begins with.

Rows of trades, their orders and their fills side by side: one round trip and one moment, where three
statements in a transaction would be five.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import BindParameter, Column, Connection, Row, and_, bindparam, func, select

from arb.adapters.postgres.at_risk import ACTIVE
from arb.adapters.postgres.prepared import Prepared
from arb.adapters.postgres.rows import fill_of, order_of, trade_of
from arb.adapters.postgres.tables import fills, orders, sessions, trades
from arb.domain.market.ids import Coin, SessionId
from arb.domain.risk.review import Mode
from arb.domain.trading.order import Fill, Order
from arb.domain.trading.trade import Trade
from arb.ports.trading import SessionView, TradeView

SESSION: Final[BindParameter[str]] = bindparam("session_id")
BESIDE: Final = frozenset({"decided_on", "decided_later", "archived", "take_ups"})  # of no use to a decision
TRADE: Final[Sequence[Column[Any]]] = [each for each in trades.c if each.name not in BESIDE]
ORDER: Final[Sequence[Column[Any]]] = list(orders.c)
FILL: Final[Sequence[Column[Any]]] = [fills.c[name] for name in Fill.__dataclass_fields__]
OF_TRADE, OF_ORDER, OF_FILL = ([each.name for each in columns] for columns in (TRADE, ORDER, FILL))
AT_TRADE, AT_ORDER = 1, 1 + len(TRADE)
AT_FILL: Final = AT_ORDER + len(ORDER)
UNDER_WAY: Final = and_(
    trades.c.session_id == sessions.c.session_id,
    trades.c.state.in_(ACTIVE),
    trades.c.coin == func.any(bindparam("coins")),
)
VIEW: Final = Prepared(
    "arb_session_view",
    select(sessions.c.mode, *TRADE, *ORDER, *FILL)
    .select_from(sessions)
    .outerjoin(trades, UNDER_WAY)
    .outerjoin(orders, orders.c.trade_id == trades.c.trade_id)
    .outerjoin(fills, fills.c.client_order_id == orders.c.client_order_id)
    .where(sessions.c.session_id == SESSION)
    .order_by(
        trades.c.opened_at_ns, trades.c.trade_id,
        orders.c.created_at_ns, orders.c.client_order_id,
        fills.c.ts_event_ns, fills.c.fill_id,
    ),
    {"session_id": "text", "coins": "text[]"},
)  # fmt: skip


def session_view(connection: Connection, session_id: SessionId, coins: Sequence[Coin]) -> SessionView | None:
    """Return a session's mode and its trades of these coins that have not ended, the oldest first."""
    rows = VIEW.execute(connection, {"session_id": session_id, "coins": list(coins)}).all()
    if not rows:
        return None
    return SessionView(mode=Mode(rows[0][0]), trades=tuple(_trades(rows)))


def _trades(rows: Iterable[Row[Any]]) -> Iterable[TradeView]:
    for trade_id, of_trade in groupby(rows, key=lambda row: row[AT_TRADE]):
        if trade_id is None:
            return  # a session without any
        listed = list(of_trade)
        yield TradeView(_trade(listed[0]), tuple(_orders(listed)))


def _orders(rows: Iterable[Row[Any]]) -> Iterable[Order]:
    for order_id, of_order in groupby(rows, key=lambda row: row[AT_ORDER]):
        if order_id is not None:
            listed = list(of_order)
            yield order_of(_part(listed[0], AT_ORDER, OF_ORDER), list(_fills(listed)))


def _fills(rows: Iterable[Row[Any]]) -> Iterable[Fill]:
    return (fill_of(_part(row, AT_FILL, OF_FILL)) for row in rows if row[AT_FILL] is not None)


def _trade(row: Row[Any]) -> Trade:
    return trade_of(_part(row, AT_TRADE, OF_TRADE))


def _part(row: Row[Any], at: int, names: Sequence[str]) -> Any:
    """Return a part of a row as a row of its own."""
    return SimpleNamespace(**dict(zip(names, row[at : at + len(names)], strict=True)))
