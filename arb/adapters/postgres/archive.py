"""Trades and orders that are over leave what is added up each time; what they add to it is kept as sums.

Their rows stay where they are, so that reports and checks read all of them. A row that is changed later takes
itself out of the sums again (a trigger of the database, whoever changes it), and is archived anew.
"""

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Row, exists, or_, select, text, union_all

from arb.adapters.postgres.tables import archived_sums, orders, trades
from arb.domain.market.ids import SessionId
from arb.domain.time import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from arb.domain.trading.order import TERMINAL
from arb.domain.trading.trade import TradeState

AT_ONCE: Final = 1_000  # rows of a kind in one transaction: a long history is archived in steps
MINUTES_KEPT: Final = NS_PER_DAY // NS_PER_MINUTE + 120  # the daily loss looks back for a day
DAYS_BY_HOUR: Final = 10  # in the profit curve: 240 points
HOURS_KEPT: Final = (DAYS_BY_HOUR + 1) * NS_PER_DAY // NS_PER_HOUR
WIDTHS: Final = {"minute": NS_PER_MINUTE, "hour": NS_PER_HOUR, "day": NS_PER_DAY}
ENDED: Final = [TradeState.CLOSED.value, TradeState.ABORTED.value]  # who was escalated is looked at further
OVER: Final = sorted(state.value for state in TERMINAL)
_ADD: Final = """
INSERT INTO archived_sums (session_id, part, name, bucket, number, amount)
SELECT :session_id, part, name, bucket, number, amount FROM added ORDER BY part, name, bucket
ON CONFLICT (session_id, part, name, bucket) DO UPDATE
SET number = archived_sums.number + excluded.number, amount = archived_sums.amount + excluded.amount
"""
TRADES: Final = text(
    """
WITH due AS (
    SELECT trade_id, coin, state, closed_at_ns, pnl_krw, residual FROM trades
    WHERE session_id = :session_id AND NOT archived AND state = ANY(:states)
        AND closed_at_ns > 0 AND closed_at_ns < :before_ns AND updated_at_ns < :before_ns
    ORDER BY closed_at_ns LIMIT :at_once FOR UPDATE SKIP LOCKED
), marked AS (
    UPDATE trades SET archived = true FROM due WHERE trades.trade_id = due.trade_id
), added AS (
    SELECT 'trades' AS part, coin || ':' || state AS name, 0::bigint AS bucket, count(*) AS number,
        sum(pnl_krw) AS amount
    FROM due GROUP BY coin, state
    UNION ALL
    SELECT 'residual', coin, 0, count(*), sum(residual) FROM due GROUP BY coin
    UNION ALL
    SELECT 'day', '', closed_at_ns / 86400000000000 AS day, count(*), sum(pnl_krw) FROM due GROUP BY day
    UNION ALL
    SELECT 'hour', '', closed_at_ns / 3600000000000 AS hour, count(*), sum(pnl_krw) FROM due GROUP BY hour
    UNION ALL
    SELECT 'minute', '', closed_at_ns / 60000000000 AS minute, count(*), sum(pnl_krw) FROM due GROUP BY minute
)"""
    + _ADD
)
ORDERS: Final = text(
    """
WITH due AS (
    SELECT client_order_id, venue, symbol, state FROM orders
    WHERE session_id = :session_id AND NOT archived AND state = ANY(:states) AND changed_at_ns < :before_ns
    ORDER BY changed_at_ns LIMIT :at_once FOR UPDATE SKIP LOCKED
), marked AS (
    UPDATE orders SET archived = true FROM due WHERE orders.client_order_id = due.client_order_id
), executed AS (
    SELECT split_part(due.symbol, '/', 1) AS coin, due.venue, fills.fee_asset, fills.fee
    FROM due JOIN fills ON fills.client_order_id = due.client_order_id
), added AS (
    SELECT 'orders' AS part, venue || ':' || state AS name, 0::bigint AS bucket, count(*) AS number,
        0::numeric AS amount
    FROM due GROUP BY venue, state
    UNION ALL
    SELECT 'fills', coin, 0, count(*), 0 FROM executed GROUP BY coin
    UNION ALL
    SELECT 'fees', venue || ':' || fee_asset, 0, count(*), sum(fee) FROM executed GROUP BY venue, fee_asset
)"""
    + _ADD
)
FORGET: Final = text(
    "DELETE FROM archived_sums WHERE session_id = :session_id"
    " AND (part = 'minute' AND bucket < :minute OR part = 'hour' AND bucket < :hour)"
)


def is_due(connection: Connection, session_id: SessionId, before_ns: int) -> bool:
    """Tell whether anything is over and has not changed since `before_ns`."""
    ended = exists().where(
        trades.c.session_id == session_id, ~trades.c.archived, trades.c.state.in_(ENDED),
        trades.c.closed_at_ns.between(1, before_ns - 1), trades.c.updated_at_ns < before_ns,
    )  # fmt: skip
    over = exists().where(
        orders.c.session_id == session_id, ~orders.c.archived, orders.c.state.in_(OVER),
        orders.c.changed_at_ns < before_ns,
    )  # fmt: skip
    return bool(connection.execute(select(or_(ended, over))).scalar_one())


def archive(connection: Connection, session_id: SessionId, before_ns: int) -> None:
    """Archive what is over and has not changed since `before_ns`, as much as one transaction should."""
    common = {"session_id": session_id, "before_ns": before_ns, "at_once": AT_ONCE}
    connection.execute(TRADES, common | {"states": ENDED})
    connection.execute(ORDERS, common | {"states": OVER})
    kept = {
        "minute": before_ns // NS_PER_MINUTE - MINUTES_KEPT,
        "hour": before_ns // NS_PER_HOUR - HOURS_KEPT,
    }
    connection.execute(FORGET, kept | {"session_id": session_id})


def sums(connection: Connection, session_id: SessionId, part: str) -> list[Row[Any]]:
    """Return what is archived of a part: name, number and amount of each of its kinds."""
    found = select(archived_sums.c.name, archived_sums.c.number, archived_sums.c.amount).where(
        archived_sums.c.session_id == session_id, archived_sums.c.part == part, archived_sums.c.number > 0
    )
    return list(connection.execute(found))


def first(name: str) -> str:
    """Return what a name of two parts is about: a coin, a venue."""
    return name.partition(":")[0]


def second(name: str) -> str:
    """Return what it says of that: a state, an asset."""
    return name.partition(":")[2]


def profits(connection: Connection, session_id: SessionId, now_ns: int) -> list[tuple[int, Decimal]]:
    """Return (until when, what was earned): by minute for a day, by hour for ten days, by day before that."""
    hour = (now_ns - NS_PER_DAY) // NS_PER_HOUR
    day = now_ns // NS_PER_DAY - DAYS_BY_HOUR
    bucket = archived_sums.c.bucket
    spans = {
        "minute": bucket >= hour * (NS_PER_HOUR // NS_PER_MINUTE),
        "hour": bucket.between(day * (NS_PER_DAY // NS_PER_HOUR), hour - 1),
        "day": bucket < day,
    }
    each = [
        select(archived_sums.c.part, bucket, archived_sums.c.amount).where(
            archived_sums.c.session_id == session_id, archived_sums.c.part == part,
            archived_sums.c.name == "", archived_sums.c.number > 0, span,
        )
        for part, span in spans.items()
    ]  # fmt: skip
    found = union_all(*each)
    return [((row.bucket + 1) * WIDTHS[row.part] - 1, row.amount) for row in connection.execute(found)]
