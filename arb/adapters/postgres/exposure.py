"""What is at risk, read in one statement, so that all of it is of the same moment.

Up to where it has what the account's other sessions moved is read with it, and what they moved since then
after it: what is spent in between counts twice, as set aside and as spent, and never not at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
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
from arb.adapters.postgres.neighbours import Moved, beside, moved_since, of_one_purse, siblings
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
    sessions,
    trades,
)
from arb.domain.ledger.ledger import TRADING
from arb.domain.market.ids import Coin, SessionId, Venue
from arb.domain.market.money import EXACT, ZERO, exact_sum
from arb.domain.market.pair import Direction
from arb.domain.risk.direction import Currencies, currencies
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Exposure, Mode, nearest_ceilings
from arb.domain.time import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from arb.domain.trading.reentry import REMEMBERED_NS, Losses
from arb.domain.trading.trade import ENDED, TradeState

ACTIVE: Final = sorted(state.value for state in TradeState if state not in ENDED)
# A leg that was handed over stays at risk until it is gone: whatever bounds what is open counts it.
ALONE: Final = and_(trades.c.state == TradeState.HANDED_OVER.value, trades.c.residual != 0)
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
    .where(OF_ACCOUNT, ~trades.c.archived, trades.c.closed_at_ns > bindparam("day_ago_ns")),
    _archived("minute", archived_sums.c.bucket.between(
        bindparam("minute_of_day_ago"), bindparam("next_hour") * MINUTES - 1)),
    _archived("hour", archived_sums.c.bucket >= bindparam("next_hour")),
    select(literal("reserved"), NOTHING, NOTHING,
           func.coalesce(func.sum(trades.c.loss_reserve_krw), 0), func.count())
    .where(OF_ACCOUNT, AT_RISK),
    select(literal("reserved"), NOTHING, NOTHING,
           func.coalesce(func.sum(trades.c.loss_reserve_krw), 0), func.count())
    .where(OF_ACCOUNT, trades.c.state == TradeState.HANDED_OVER.value,
           trades.c.residual == 0, trades.c.closed_at_ns > bindparam("day_ago_ns")),
    select(literal("orders"), NOTHING, NOTHING, literal(0), func.count())
    .where(orders.c.session_id.in_(select(SIBLINGS.c.session_id)),
           orders.c.created_at_ns > bindparam("minute_ago_ns")),
)  # fmt: skip
PARTS: Final[CompoundSelect[Any]] = union_all(
    *CEILINGS.selects,
    select(literal("opened"), trades.c.coin, trades.c.direction, literal(0), func.max(trades.c.opened_at_ns))
    .where(trades.c.session_id == SESSION, trades.c.opened_at_ns > bindparam("minute_ago_ns"))
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


def exposure(
    connection: Connection,
    session_id: SessionId,
    mode: Mode,
    now_ns: int,
    generation: int = 0,
    proposed: tuple[Coin, Direction] | None = None,
) -> Exposure:
    """Return the exposure of a session and its account, with what was lost in a row by what is `proposed`.

    The caller holds the account's lock, and the one that the session's mode and settings change under.
    """
    coin, direction = proposed or ("", "")
    day_ago_ns = max(0, now_ns - NS_PER_DAY)
    asked = {
        "session_id": session_id,
        "day_ago_ns": day_ago_ns,  # 0 marks a trade that has not ended
        "minute_of_day_ago": day_ago_ns // NS_PER_MINUTE,
        "next_hour": day_ago_ns // NS_PER_HOUR + 1,
        "minute_ago_ns": now_ns - NS_PER_MINUTE,
        "remembered_ns": max(1, now_ns - REMEMBERED_NS),
        "coin": coin,
        "direction": str(direction),
    }
    by_part = _by_part(connection.execute(PARTS, asked | {"venue": None}))
    free = _free(by_part, moved_since(connection, by_part["beside"]))
    (unvalued,), (killed,) = by_part["unvalued"], by_part["killed"]
    found = Exposure(
        mode=mode,
        **_ceilings(by_part),
        opened_at_ns={(Coin(row.name), Direction(row.asset)): row.number for row in by_part["opened"]},
        free={(venue.value, asset): amount for (venue, asset), amount in free.items()},
        account_killed=killed.number > 0,
        unvalued_fees=unvalued.number,
        currencies=_currencies(by_part),
        losses=_losses(by_part["lost"], proposed),
        generation=generation,
        paused=frozenset(Coin(row.name) for row in by_part["paused"]),
    )
    together = {row.asset: row.name for row in by_part["together"]}
    if len(together) < 2:
        return found
    at_each = [connection.execute(CEILINGS, asked | {"venue": venue}) for venue in together.values()]
    return nearest_ceilings(found, [replace(found, **_ceilings(_by_part(rows))) for rows in at_each])


def _ceilings(by_part: Mapping[str, Sequence[Row[Any]]]) -> dict[str, Any]:
    """Return what is bounded account by account."""
    (recent,) = by_part["orders"]
    return {
        "notional_by_coin_krw": {Coin(row.name): row.amount for row in by_part["trades"]},
        "trades_open_by_coin": {Coin(row.name): row.number for row in by_part["trades"]},
        "realised_today_krw": exact_sum(Decimal(row.amount) for row in by_part["realised"]),
        "loss_reserved_krw": exact_sum(Decimal(row.amount) for row in by_part["reserved"]),
        "orders_last_minute": recent.number,
    }


def _currencies(by_part: Mapping[str, Sequence[Row[Any]]]) -> Currencies:
    return currencies(
        [(Direction(row.name), TradeState(row.asset), row.amount) for row in by_part["direction"]],
        {row.asset: row.amount for row in by_part["taken_in"]},
    )


def _losses(
    rows: Iterable[Row[Any]], proposed: tuple[Coin, Direction] | None
) -> dict[tuple[Coin, Direction], Losses]:
    newest = next(iter(rows), None)
    if proposed is None or newest is None:
        return {}
    return {proposed: Losses(in_a_row=int(newest.amount), newest_ns=newest.number)}


def free_balances(connection: Connection, session_id: SessionId) -> dict[tuple[Venue, str], Decimal]:
    """Return what each venue's balances leave free, at one moment."""
    by_part = _by_part(connection.execute(FREE, {"session_id": session_id}))
    return _free(by_part, moved_since(connection, by_part["beside"]))


def _by_part(rows: Iterable[Row[Any]]) -> dict[str, list[Row[Any]]]:
    by_part: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_part[row.part].append(row)
    return by_part


def _free(by_part: Mapping[str, list[Row[Any]]], moved: Moved) -> dict[tuple[Venue, str], Decimal]:
    held = by_part["balances"]
    free: dict[tuple[Venue, str], Decimal] = {(OWN[row.name], row.asset): row.amount for row in held}
    for row in by_part["holds"]:
        key = (Venue(row.name), row.asset)
        free[key] = EXACT.subtract(free.get(key, ZERO), row.amount)
    for key, amount in moved.items():
        free[key] = EXACT.add(free.get(key, ZERO), amount)
    return free
