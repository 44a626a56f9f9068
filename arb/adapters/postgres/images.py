"""What snapshots and the hot state are made of, read on one consistent view of the database.

All sums are one statement that is planned once a connection: they are read after nearly every commit.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from arb.adapters.postgres import archive, ledger, sessions
from arb.adapters.postgres.at_risk import ACTIVE, AT_RISK
from arb.adapters.postgres.prepared import Prepared
from arb.adapters.postgres.records.holds import Hold, HoldState
from arb.adapters.postgres.records.images import Sums
from arb.adapters.postgres.rows import session_of
from arb.adapters.postgres.session_accounts import NAMED
from arb.adapters.postgres.tables import (
    archived_sums,
    balances,
    fills,
    holds,
    ledger_entries,
    orders,
    trades,
    venue_pauses,
)
from arb.adapters.postgres.tables import sessions as session_rows
from arb.domain.errors import InvariantError
from arb.domain.market.ids import ClientOrderId, Coin, SessionId, Venue
from arb.domain.market.money import EXACT, ZERO
from arb.domain.state.hot_state import StateStamp
from arb.domain.time import NS_PER_DAY

Row = Sequence[str]
SESSION: Final = bindparam("session_id", type_=Text())
DAY: Final[Any] = (trades.c.closed_at_ns // NS_PER_DAY).label("day")
ARCHIVED: Final = ("trades", "orders", "fills", "day")  # parts of what is archived


def _listed(found: Select[Any]) -> ScalarSelect[Any]:
    """Return the rows of a query as one value: lists of texts, so that amounts stay exact, in their order."""
    rows = found.subquery()
    texts = [cast(each, Text) for each in rows.c]
    listed = func.jsonb_agg(aggregate_order_by(func.jsonb_build_array(*texts), *texts))
    return select(func.coalesce(listed, func.jsonb_build_array())).scalar_subquery()


def _own(table: Table, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).where(table.c.session_id == SESSION)


def _by_state(table: Table) -> Select[Any]:
    return (
        _own(table, table.c.state, func.count().label("number"))
        .where(~table.c.archived)
        .group_by(table.c.state)
    )


def _notional() -> Select[Any]:
    amount, number = func.sum(trades.c.notional_krw).label("amount"), func.count().label("number")
    return _own(trades, trades.c.coin, amount, number).where(AT_RISK).group_by(trades.c.coin)


def _fills() -> Select[Any]:
    joined = fills.join(orders, fills.c.client_order_id == orders.c.client_order_id)
    return _own(orders, func.count().label("number")).select_from(joined).where(~orders.c.archived)


def _realised() -> Select[Any]:
    ended = (~trades.c.archived, trades.c.closed_at_ns > 0)
    return _own(trades, DAY, func.sum(trades.c.pnl_krw).label("amount")).where(*ended).group_by(DAY)


def _archived() -> Select[Any]:
    of = archived_sums.c
    found = _own(archived_sums, of.part, of.name, of.bucket, of.number, of.amount)
    return found.where(of.part.in_(ARCHIVED), of.number > 0)


def _held() -> Select[Any]:
    of = holds.c
    found = _own(holds, of.client_order_id, of.venue, of.asset, of.amount)
    return found.where(of.state == HoldState.RESERVED.value)


SUMS: Final = Prepared(
    "arb_sums",
    select(
        session_rows,
        NAMED,
        _own(ledger_entries, func.coalesce(func.max(ledger_entries.c.entry_id), 0))
        .scalar_subquery()
        .label("ledger_position"),
        _listed(_own(balances, balances.c.account, balances.c.asset, balances.c.amount)).label("balances"),
        _listed(_held()).label("holds"),
        _listed(_by_state(trades)).label("trades"),
        _listed(_by_state(orders)).label("orders"),
        _listed(_fills()).label("fills"),
        _listed(_realised()).label("realised"),
        _listed(_notional()).label("notional"),
        _listed(_archived()).label("archived"),
        _listed(
            _own(venue_pauses, venue_pauses.c.venue, venue_pauses.c.until_ns, venue_pauses.c.reason)
        ).label("pauses"),
    ).where(session_rows.c.session_id == SESSION),
    {"session_id": "text"},
)


def read(connection: Connection, session_id: SessionId) -> Sums:
    """Return the sums of a session."""
    row: Any = SUMS.execute(connection, {"session_id": session_id}).one_or_none()
    if row is None:
        raise InvariantError(f"session {session_id} does not exist")
    return Sums(
        session=session_of(row),
        ledger_position=row.ledger_position,
        balances={(account, asset): Decimal(amount) for account, asset, amount in row.balances},
        holds=[_hold(*each) for each in row.holds],
        trades_by_state=_numbers(row.trades, row.archived, "trades"),
        orders_by_state=_numbers(row.orders, row.archived, "orders"),
        fills=int(row.fills[0][0]) + sum(int(each[3]) for each in row.archived if each[0] == "fills"),
        realised_krw_by_day=_by_day(row.realised, row.archived),
        notional_by_coin_krw={Coin(coin): Decimal(amount) for coin, amount, _ in row.notional},
        trades_open_by_coin={Coin(coin): int(number) for coin, _, number in row.notional},
        venue_pauses={Venue(venue): (int(until_ns), why) for venue, until_ns, why in row.pauses},
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


def _hold(client_order_id: str, venue: str, asset: str, amount: str) -> Hold:
    return Hold(
        client_order_id=ClientOrderId(client_order_id),
        venue=Venue(venue),
        asset=asset,
        amount=Decimal(amount),
    )


def _numbers(rows: Iterable[Row], archived: Iterable[Row], part: str) -> dict[str, int]:
    """Return how many rows there are by state, archived ones included."""
    found: Counter[str] = Counter({state: int(number) for state, number in rows})
    for of, name, _, number, _ in archived:
        if of == part:
            found[archive.second(name)] += int(number)
    return dict(found)


def _by_day(rows: Iterable[Row], archived: Iterable[Row]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for day, amount in (*rows, *((bucket, amount) for of, _, bucket, _, amount in archived if of == "day")):
        found[int(day)] = EXACT.add(found.get(int(day), ZERO), Decimal(amount))
    return found
