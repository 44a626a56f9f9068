"""What coins in a direction have lost in a row on an account, as a part of what entries are reviewed by.

Only the newest closes are looked at, by indexes of their own: however long the history is, and however many
closed within a day.
"""

from typing import Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    true,
    union_all,
)

from arb.adapters.postgres.neighbours import of_one_purse, siblings
from arb.adapters.postgres.tables import trades
from arb.domain.market.money import ZERO
from arb.domain.trading.reentry import IN_A_ROW_MAX, LOSING, Close
from arb.domain.trading.trade import ENDED, TradeState

CLOSING: Final = sorted(state.value for state in TradeState if state not in ENDED)
SESSION: Final[BindParameter[str]] = bindparam("session_id")
PURSE: Final = of_one_purse(SESSION, siblings(SESSION).subquery()).cte("purse_of_pair")
WAYS: Final = (  # coins, each with its direction
    func.unnest(bindparam("coins"), bindparam("directions")).table_valued("coin", "direction")
).render_derived(name="way")
COIN: Final[ColumnElement[str]] = literal_column("way.coin")
DIRECTION: Final[ColumnElement[str]] = literal_column("way.direction")
OF_WAY: Final = and_(
    trades.c.session_id == PURSE.c.session_id, trades.c.coin == COIN, trades.c.direction == DIRECTION
)


def _newest(result: ColumnElement[bool], limit: int) -> FromClause:
    """Return when the newest closes with such a result were, of one session; in the words of the indexes."""
    return (
        select(trades.c.closed_at_ns.label("at_ns"))
        .where(
            OF_WAY,
            trades.c.state == TradeState.CLOSED.value,
            trades.c.reason.in_(sorted(Close)),
            trades.c.closed_at_ns > bindparam("remembered_ns"),
            result,
        )
        .order_by(trades.c.closed_at_ns.desc())
        .limit(limit)
        .lateral()
    )


EARNING: Final = _newest(trades.c.pnl_krw >= ZERO, 1)
LOSING_CLOSES: Final = _newest(trades.c.pnl_krw < ZERO, IN_A_ROW_MAX)
EARNED_NS: Final = (
    select(func.coalesce(func.max(EARNING.c.at_ns), 0))
    .select_from(PURSE.join(EARNING, true()))
    .scalar_subquery()
)
UNDER_WAY: Final = (
    select(trades.c.updated_at_ns.label("at_ns"))
    .select_from(PURSE.join(trades, OF_WAY))
    .where(trades.c.state.in_(CLOSING), trades.c.reason.in_(sorted(LOSING)))
)
CLOSED: Final = select(LOSING_CLOSES.c.at_ns).select_from(PURSE.join(LOSING_CLOSES, true()))
CLOSES: Final = union_all(CLOSED, UNDER_WAY).subquery("closes")
# In a row: since the newest close that earned.
IN_A_ROW: Final = (
    select(func.count().label("closes"), func.max(CLOSES.c.at_ns).label("newest_ns"))
    .where(CLOSES.c.at_ns > EARNED_NS)
    .lateral("in_a_row")
)
LOST: Final = (
    select(literal("lost").label("part"), COIN.label("name"), DIRECTION.label("asset"),
           IN_A_ROW.c.closes.label("amount"), IN_A_ROW.c.newest_ns.label("number"))
    .select_from(WAYS.join(IN_A_ROW, true()))
    .where(IN_A_ROW.c.closes > 0)
)  # fmt: skip
