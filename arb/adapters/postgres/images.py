"""What snapshots and the hot state are made of, read on one consistent view of the database."""

from collections import Counter
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, func, select

from arb.adapters.postgres import archive, holds, ledger, sessions, venue_health
from arb.adapters.postgres.at_risk import ACTIVE, AT_RISK
from arb.adapters.postgres.records.images import Sums
from arb.adapters.postgres.tables import archived_sums, balances, fills, orders, trades
from arb.domain.errors import InvariantError
from arb.domain.market.ids import Coin, SessionId
from arb.domain.market.money import EXACT, ZERO
from arb.domain.state.hot_state import StateStamp
from arb.domain.time import NS_PER_DAY


def read(connection: Connection, session_id: SessionId) -> Sums:
    """Return the sums of a session; the caller's transaction is REPEATABLE READ."""
    session = sessions.read(connection, session_id)
    if session is None:
        raise InvariantError(f"session {session_id} does not exist")
    notional = _notional(connection, session_id)
    return Sums(
        session=session,
        ledger_position=ledger.position(connection, session_id),
        balances=_balances(connection, session_id),
        holds=holds.reserved(connection, session_id),
        trades_by_state=_by_state(connection, trades, session_id),
        orders_by_state=_by_state(connection, orders, session_id),
        fills=_fills(connection, session_id),
        realised_krw_by_day=_realised(connection, session_id),
        notional_by_coin_krw={coin: amount for coin, (amount, _) in notional.items()},
        trades_open_by_coin={coin: number for coin, (_, number) in notional.items()},
        venue_pauses=venue_health.pauses(connection, session_id),
    )


def stamp(connection: Connection, session_id: SessionId) -> StateStamp:
    """Return what tells whether a copy of the state is this one."""
    session = sessions.read(connection, session_id)
    active = select(trades.c.trade_id, trades.c.version).where(
        trades.c.session_id == session_id, trades.c.state.in_(ACTIVE)
    )
    return StateStamp(
        ledger_position=ledger.position(connection, session_id),
        mode_changed_at_ns=session.mode_changed_at_ns if session else 0,
        trades=frozenset((row.trade_id, row.version) for row in connection.execute(active)),
    )


def _notional(connection: Connection, session_id: SessionId) -> dict[Coin, tuple[Decimal, int]]:
    summed = (
        select(trades.c.coin, func.sum(trades.c.notional_krw).label("amount"), func.count().label("number"))
        .where(trades.c.session_id == session_id, AT_RISK)
        .group_by(trades.c.coin)
    )
    return {Coin(row.coin): (row.amount, row.number) for row in connection.execute(summed)}


def _balances(connection: Connection, session_id: SessionId) -> dict[tuple[str, str], Decimal]:
    rows = connection.execute(select(balances).where(balances.c.session_id == session_id))
    return {(row.account, row.asset): row.amount for row in rows}


def _by_state(connection: Connection, table: Table, session_id: SessionId) -> dict[str, int]:
    kept = select(table.c.state, func.count().label("number")).group_by(table.c.state)
    rows = connection.execute(kept.where(table.c.session_id == session_id, ~table.c.archived))
    found = Counter({row.state: row.number for row in rows})
    return dict(found + archive.numbers(connection, session_id, table.name))


def _fills(connection: Connection, session_id: SessionId) -> int:
    joined = fills.join(orders, fills.c.client_order_id == orders.c.client_order_id)
    kept = select(func.count()).select_from(joined)
    kept = kept.where(orders.c.session_id == session_id, ~orders.c.archived)
    archived = archive.sums(connection, session_id, "fills")
    return int(connection.execute(kept).scalar_one()) + sum(int(row.number) for row in archived)


def _realised(connection: Connection, session_id: SessionId) -> dict[int, Decimal]:
    day: Any = (trades.c.closed_at_ns // NS_PER_DAY).label("day")
    summed = (
        select(day, func.sum(trades.c.pnl_krw).label("amount"))
        .where(trades.c.session_id == session_id, ~trades.c.archived, trades.c.closed_at_ns > 0)
        .group_by(day)
    )
    archived = select(archived_sums.c.bucket.label("day"), archived_sums.c.amount).where(
        archived_sums.c.session_id == session_id, archived_sums.c.part == "day", archived_sums.c.number > 0
    )
    found: dict[int, Decimal] = {}
    for row in (*connection.execute(summed), *connection.execute(archived)):
        found[int(row.day)] = EXACT.add(found.get(int(row.day), ZERO), row.amount)
    return found
