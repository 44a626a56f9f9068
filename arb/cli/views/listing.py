"""The newest trades and orders of a session, as rows for a table or for JSON."""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any

from rich.table import Table
from sqlalchemy import Engine, func, select

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.report import trades_in
from arb.adapters.postgres.tables import fills, orders, trades
from arb.cli.moments import shown
from arb.cli.views.style import headed_table
from arb.cli.views.text import UNKNOWN, bare, duration, signed
from arb.domain.market.ids import SessionId
from arb.domain.market.money import ZERO, plain
from arb.domain.time import ALWAYS, NS_PER_S, Span
from arb.domain.trading.trade import TradeState

Row = dict[str, Any]


def newest_trades(database: Engine, session_id: SessionId, limit: int, span: Span = ALWAYS) -> list[Row]:
    """Return the newest trades of a span, newest first. Raises: StoreUnavailable."""
    wanted = (
        select(trades)
        .where(trades_in(session_id, span))
        .order_by(trades.c.opened_at_ns.desc(), trades.c.trade_id.desc())
        .limit(limit)
    )
    with reading(database) as connection:
        return [
            {
                "trade_id": row.trade_id,
                "coin": row.coin,
                "direction": row.direction,
                "state": row.state,
                "quantity": plain(row.quantity),
                "entry_edge_bps": plain(round(row.entry_edge_bps, 2)),
                "pnl_krw": plain(round(row.pnl_krw, 2)),
                "reason": row.reason,
                "residual": plain(row.residual),
                "opened_at_ns": row.opened_at_ns,
                "closed_at_ns": row.closed_at_ns,
            }
            for row in connection.execute(wanted)
        ]


def newest_orders(database: Engine, session_id: SessionId, limit: int, span: Span = ALWAYS) -> list[Row]:
    """Return the newest orders of a span with what was filled of them. Raises: StoreUnavailable."""
    filled = (
        select(func.coalesce(func.sum(fills.c.quantity), 0))
        .where(fills.c.client_order_id == orders.c.client_order_id)
        .scalar_subquery()
    )
    wanted = (
        select(orders, filled.label("filled"))
        .where(orders.c.session_id == session_id, orders.c.created_at_ns.between(span.from_ns, span.to_ns))
        .order_by(orders.c.created_at_ns.desc(), orders.c.client_order_id)
        .limit(limit)
    )
    with reading(database) as connection:
        return [
            {
                "client_order_id": row.client_order_id,
                "venue": row.venue,
                "symbol": row.symbol,
                "side": row.side,
                "purpose": row.purpose,
                "state": row.state,
                "quantity": plain(row.quantity),
                "filled": plain(row.filled or ZERO),
                "limit_price": plain(row.limit_price),
                "reason": row.reason,
                "created_at_ns": row.created_at_ns,
            }
            for row in connection.execute(wanted)
        ]


def trades_view(rows: list[Row], now_ns: int, zone: tzinfo | None = UTC) -> Table:
    """Return trades as a table."""
    table = _table(
        ("trade", "opened", "coin", "way", "state"), ("quantity", "edge bps", "held", "PnL KRW"), "reason"
    )
    for row in rows:
        until_ns = row["closed_at_ns"] or now_ns
        table.add_row(
            row["trade_id"],
            shown(row["opened_at_ns"], zone),
            row["coin"],
            row["direction"],
            row["state"],
            bare(row["quantity"]),
            row["entry_edge_bps"],
            duration((until_ns - row["opened_at_ns"]) // NS_PER_S),
            _pnl(row),
            _why(row),
        )
    return table


def _why(row: Mapping[str, Any]) -> str:
    """Return the reason of a trade, with the leg that it was escalated with."""
    if row["state"] != TradeState.ESCALATED or not Decimal(row["residual"]):
        return str(row["reason"])
    return f"{row['reason']}: {Decimal(row['residual']):+f} {row['coin']} stands alone, arb trades adopt"


def orders_view(rows: list[Row], zone: tzinfo | None = UTC) -> Table:
    """Return orders as a table."""
    columns = ("symbol", "side", "purpose", "state")
    table = _table(("order", "written", *columns), ("filled of", "quantity", "limit"), "reason")
    for row in rows:
        table.add_row(
            row["client_order_id"],
            shown(row["created_at_ns"], zone),
            *(row[name] for name in columns),
            *(bare(row[name]) for name in ("filled", "quantity", "limit_price")),
            row["reason"],
        )
    return table


def _pnl(row: Mapping[str, Any]) -> str:
    return signed(Decimal(row["pnl_krw"]), 0) if row["closed_at_ns"] else UNKNOWN


def _table(texts: tuple[str, ...], numbers: tuple[str, ...], last: str) -> Table:
    table = headed_table()
    for name in texts:
        table.add_column(name, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(last, overflow="fold")
    return table
