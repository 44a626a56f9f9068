"""The statement that reads what is at risk: rows of (part, name, asset, amount, number)."""

from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from arb.adapters.postgres.by_hand import OF_SESSION
from arb.adapters.postgres.ledger import OWN
from arb.adapters.postgres.neighbours import beside, of_one_purse, siblings
from arb.adapters.postgres.prepared import Prepared
from arb.adapters.postgres.records.holds import HoldState
from arb.adapters.postgres.reentry import LOST
from arb.adapters.postgres.session_accounts import shared
from arb.adapters.postgres.tables import (
    archived_sums,
    balances,
    coin_pauses,
    fills,
    holds,
    orders,
    session_accounts,
    sessions,
    trades,
)
from arb.domain.ledger.ledger import TRADING
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.time import NS_MAX, NS_PER_HOUR, NS_PER_MINUTE
from arb.domain.trading.trade import ENDED, TradeState

ACTIVE: Final = sorted(state.value for state in TradeState if state not in ENDED)
# A leg that was escalated stays at risk until it is gone: whatever bounds what is open counts it.
ALONE: Final = and_(trades.c.state == TradeState.ESCALATED.value, trades.c.residual != 0)
AT_RISK: Final = or_(trades.c.state.in_(ACTIVE), ALONE)

SESSION: Final[BindParameter[str]] = bindparam("session_id")
VENUE: Final[BindParameter[str]] = bindparam("venue", type_=Text)  # of one account; of all where it is null
NOTHING: Final = literal("")
HELD: Final = (
    select(literal("balances").label("part"), balances.c.account.label("name"), balances.c.asset,
           balances.c.amount, literal(0).label("number"))
    .where(balances.c.session_id == SESSION, balances.c.account.in_(OWN))
)  # fmt: skip
ON_HOLD: Final = (
    select(literal("holds").label("part"), holds.c.venue.label("name"), holds.c.asset,
           func.sum(holds.c.amount).label("amount"), func.count().label("number"))
    .where(or_(holds.c.session_id == SESSION, tuple_(holds.c.session_id, holds.c.venue).in_(shared(SESSION))),
           holds.c.state == HoldState.RESERVED.value)
    .group_by(holds.c.venue, holds.c.asset)
)  # fmt: skip
BOOKED: Final = beside(SESSION)
FREE: Final = union_all(HELD, ON_HOLD, BOOKED)
# What is open is the account's, and so is what was lost and may be yet: there sessions of a simulated world
# count that another one took the place of, too. The server finds both once, for all parts that ask.
SIBLINGS: Final = siblings(SESSION, VENUE).cte("siblings")
PURSE: Final = of_one_purse(SESSION, SIBLINGS).cte("purse")
OF_SIBLINGS: Final = trades.c.session_id.in_(select(SIBLINGS.c.session_id))
OF_ACCOUNT: Final = trades.c.session_id.in_(select(PURSE.c.session_id))
# What was moved before a new session began is where that one starts.
IN_USE: Final = select(sessions.c.session_id).where(
    sessions.c.session_id.in_(select(SIBLINGS.c.session_id)),
    or_(sessions.c.session_id == SESSION, sessions.c.set_aside_at_ns == 0),
)
MINUTES: Final = NS_PER_HOUR // NS_PER_MINUTE


def _archived(part: str, span: ColumnElement[bool]) -> Select[Any]:
    """Return what archived trades of the account earned within a span."""
    earned = func.coalesce(func.sum(archived_sums.c.amount), 0)
    of_part = and_(
        archived_sums.c.session_id.in_(select(PURSE.c.session_id)),
        archived_sums.c.part == part,
        archived_sums.c.name == "",
    )
    return select(literal("realised"), NOTHING, NOTHING, earned, func.count()).where(of_part, span)


# Who trades on each account: where these are the same sessions, the accounts are one for every ceiling.
AT_HAND: Final = shared(SESSION).subquery()
TOGETHER: Final = select(
    literal("together"), AT_HAND.c.venue,
    func.string_agg(AT_HAND.c.session_id, aggregate_order_by(literal(" "), AT_HAND.c.session_id)),
    literal(0), func.count(),
).group_by(AT_HAND.c.venue)  # fmt: skip
# What is bounded account by account.
CEILINGS: Final[CompoundSelect[Any]] = union_all(
    select(literal("trades").label("part"), trades.c.coin.label("name"), NOTHING.label("asset"),
           func.sum(trades.c.notional_krw).label("amount"), func.count().label("number"))
    .where(OF_SIBLINGS, AT_RISK)
    .group_by(trades.c.coin),
    select(literal("realised"), NOTHING, NOTHING,
           func.coalesce(func.sum(trades.c.pnl_krw), 0), func.count())
    # One end only: the planner has to see that few of them are not archived, and takes that index.
    .where(OF_ACCOUNT, ~trades.c.archived, trades.c.closed_at_ns >= bindparam("day_since_ns")),
    _archived("minute", archived_sums.c.bucket.between(
        bindparam("minute_of_day_ago"), bindparam("next_hour") * MINUTES - 1)),
    _archived("hour", archived_sums.c.bucket.between(bindparam("next_hour"), NS_MAX)),
    select(literal("reserved"), NOTHING, NOTHING,
           func.coalesce(func.sum(trades.c.loss_reserve_krw), 0), func.count())
    .where(OF_ACCOUNT, AT_RISK),
    select(literal("reserved"), NOTHING, NOTHING,
           func.coalesce(func.sum(trades.c.loss_reserve_krw), 0), func.count())
    .where(OF_ACCOUNT, trades.c.state == TradeState.ESCALATED.value,
           trades.c.residual == 0, trades.c.closed_at_ns.between(bindparam("day_since_ns"), NS_MAX)),
    select(literal("orders"), NOTHING, NOTHING, literal(0), func.count())
    .where(orders.c.session_id.in_(select(SIBLINGS.c.session_id)),
           orders.c.created_at_ns.between(bindparam("minute_since_ns"), NS_MAX)),
)  # fmt: skip
PARTS: Final[CompoundSelect[Any]] = union_all(
    *CEILINGS.selects,
    select(literal("session"), sessions.c.mode, sessions.c.environment, literal(0), sessions.c.generation)
    .where(sessions.c.session_id == SESSION),
    select(literal("accounts"), session_accounts.c.venue, session_accounts.c.account, literal(0), literal(0))
    .where(session_accounts.c.session_id == SESSION),
    select(literal("written"), NOTHING, NOTHING, literal(0), func.count())
    .where(trades.c.trade_id == bindparam("trade_id")),
    select(literal("opened"), trades.c.coin, trades.c.direction, literal(0), func.max(trades.c.opened_at_ns))
    .where(trades.c.session_id == SESSION,
           trades.c.opened_at_ns.between(bindparam("minute_since_ns"), NS_MAX))
    .group_by(trades.c.coin, trades.c.direction),
    select(literal("unvalued"), NOTHING, NOTHING, literal(0), func.count())
    .select_from(fills.join(orders, orders.c.client_order_id == fills.c.client_order_id))
    .where(orders.c.session_id == SESSION, fills.c.unvalued),
    select(literal("killed"), NOTHING, NOTHING, literal(0), func.count())
    .where(sessions.c.session_id.in_(siblings(SESSION)), sessions.c.session_id != SESSION,
           sessions.c.set_aside_at_ns == 0, sessions.c.mode_reason.startswith(reason_text(Cause.KILLED))),
    select(literal("direction"), trades.c.direction, trades.c.state,
           func.sum(trades.c.notional_krw), func.count())
    .where(OF_ACCOUNT, AT_RISK)
    .group_by(trades.c.direction, trades.c.state),
    select(literal("taken_in"), NOTHING, balances.c.asset, -func.sum(balances.c.amount), func.count())
    .where(balances.c.session_id.in_(IN_USE), balances.c.account == TRADING)
    .group_by(balances.c.asset),
    select(literal("paused"), coin_pauses.c.coin, NOTHING, literal(0), literal(1))
    .select_from(coin_pauses.join(sessions, OF_SESSION)),
    TOGETHER,
    LOST,
    HELD,
    ON_HOLD,
    BOOKED,
)  # fmt: skip


AT_RISK_NOW: Final = Prepared(
    "arb_at_risk",
    PARTS,
    {
        "session_id": "text", "trade_id": "text", "coins": "text[]", "directions": "text[]", "venue": "text",
        "day_since_ns": "bigint", "minute_of_day_ago": "bigint", "next_hour": "bigint",
        "minute_since_ns": "bigint", "remembered_ns": "bigint",
    },
)  # fmt: skip
