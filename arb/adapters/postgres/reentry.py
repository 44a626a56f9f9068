"""What each coin and direction of an account has lost in a row, as a part of what is read under the lock."""

from typing import Final

from sqlalchemy import and_, bindparam, case, func, literal, or_, select

from arb.adapters.postgres.neighbours import of_one_purse
from arb.adapters.postgres.tables import trades
from arb.domain.trading.reentry import LOSING, Close
from arb.domain.trading.trade import ENDED, TradeState

CLOSED: Final = TradeState.CLOSED.value
CLOSING: Final = sorted(state.value for state in TradeState if state not in ENDED)
OF_ACCOUNT: Final = trades.c.session_id.in_(of_one_purse(bindparam("session_id")))
AT_NS: Final = case((trades.c.state == CLOSED, trades.c.closed_at_ns), else_=trades.c.updated_at_ns)
OF_A_DAY: Final = and_(
    OF_ACCOUNT,
    trades.c.state == CLOSED,
    trades.c.closed_at_ns > bindparam("remembered_ns"),
    trades.c.reason.in_(sorted(Close)),
)
EARNED: Final = (
    select(trades.c.coin, trades.c.direction, func.max(trades.c.closed_at_ns).label("at_ns"))
    .where(OF_A_DAY, trades.c.pnl_krw >= 0)
    .group_by(trades.c.coin, trades.c.direction)
    .subquery()
)
UNDER_WAY: Final = and_(OF_ACCOUNT, trades.c.state.in_(CLOSING), trades.c.reason.in_(sorted(LOSING)))
# In a row: since the newest close that earned.
LOST: Final = (
    select(literal("lost").label("part"), trades.c.coin.label("name"), trades.c.direction.label("asset"),
           func.count().label("amount"), func.max(AT_NS).label("number"))
    .select_from(trades.outerjoin(EARNED, and_(
        EARNED.c.coin == trades.c.coin, EARNED.c.direction == trades.c.direction)))
    .where(or_(and_(OF_A_DAY, trades.c.pnl_krw < 0), UNDER_WAY), func.coalesce(EARNED.c.at_ns, 0) < AT_NS)
    .group_by(trades.c.coin, trades.c.direction)
)  # fmt: skip
