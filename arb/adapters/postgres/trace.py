"""The life of one trade, from its rows: one view of one moment."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, select

from arb.adapters.postgres.engine import reading
from arb.adapters.postgres.tables import fills, ledger_entries, ledger_postings, order_events, orders, trades
from arb.domain.market.ids import TradeId

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Traced:
    """All rows of a trade, oldest first."""

    trade: Facts
    orders: tuple[Facts, ...]
    events: tuple[Facts, ...]
    fills: tuple[Facts, ...]
    postings: tuple[Facts, ...]  # with the key and time of their entry


@dataclass(frozen=True, slots=True)
class SqlTrace:
    """Reads the life of a trade from its rows."""

    engine: Engine

    def read(self, trade_id: TradeId) -> Traced | None:
        """Return a trade's rows, None if there is no such trade. Raises: StoreUnavailable."""
        with reading(self.engine) as connection:
            found = connection.execute(select(trades).where(trades.c.trade_id == trade_id)).one_or_none()
            return None if found is None else _traced(connection, found)


def _traced(connection: Connection, trade: Row[Any]) -> Traced:
    ours = select(orders.c.client_order_id).where(orders.c.trade_id == trade.trade_id)
    filled = (
        select(fills).where(fills.c.client_order_id.in_(ours)).order_by(fills.c.booked_at_ns, fills.c.fill_id)
    )
    booked = _rows(connection, filled)
    keys = [f"fill:{row['venue']}:{row['symbol']}:{row['fill_id']}" for row in booked]
    postings = (
        select(ledger_entries.c.key, ledger_entries.c.entry_id, ledger_entries.c.at_ns, ledger_postings)
        .join(ledger_postings, ledger_postings.c.entry_id == ledger_entries.c.entry_id)
        .where(ledger_entries.c.key.in_(keys))
        .order_by(ledger_entries.c.entry_id, ledger_postings.c.line)
    )
    return Traced(
        trade=dict(trade._mapping),
        orders=_rows(
            connection,
            select(orders)
            .where(orders.c.trade_id == trade.trade_id)
            .order_by(orders.c.created_at_ns, orders.c.client_order_id),
        ),
        events=_rows(
            connection,
            select(order_events)
            .where(order_events.c.client_order_id.in_(ours))
            .order_by(order_events.c.at_ns, order_events.c.client_order_id, order_events.c.seq),
        ),
        fills=booked,
        postings=_rows(connection, postings),
    )


def _rows(connection: Connection, wanted: Select[Any]) -> tuple[Facts, ...]:
    return tuple(dict(row) for row in connection.execute(wanted).mappings())
