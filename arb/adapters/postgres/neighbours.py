"""Sessions that trade, or traded, on the same account: each keeps books of all that the venues hold.

What the others moved is booked in a session as one adjustment for each of them, so that its ledger is the
venues' balances and every difference that is left is a real one. `moves_booked` says up to which entry of
another session that was done. A session's entries grow in commit order, so nothing is passed over.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres import ledger
from arb.adapters.postgres.tables import ledger_entries, ledger_postings, moves_booked, sessions
from arb.domain.ledger.ledger import Entry, EntryKind, Posting, move, opening_entry
from arb.domain.market.ids import SessionId, Venue

TAKEOVER: Final = "takeover:"
OTHERS: Final = "other_sessions"
MOVES: Final = (EntryKind.FILL.value, EntryKind.ADJUSTMENT.value, EntryKind.FEE.value)
Moved = Mapping[tuple[Venue, str], Decimal]
VENUES_OF_A_PAIR: Final = 2


def siblings(session_id: str | BindParameter[str]) -> Select[Any]:
    """Return the ids of the sessions whose orders move the same balances, its own among them."""
    own, other = sessions.alias("own"), sessions.alias("other")
    same = and_(
        other.c.environment == own.c.environment, own.c.account != "", other.c.account == own.c.account
    )
    return (
        select(other.c.session_id)
        .select_from(own.join(other, or_(other.c.session_id == own.c.session_id, same)))
        .where(own.c.session_id == session_id)
    )


def of_one_purse(session_id: str | BindParameter[str]) -> CompoundSelect[Any]:
    """Return the ids of the sessions whose losses are one budget: of one account, by whatever session.

    Simulated venues have no account; there a session shares with those that it took the place of.
    """
    own, other = sessions.alias("own"), sessions.alias("other")
    before = and_(
        own.c.account == "", other.c.account == "", other.c.set_aside_at_ns > 0,
        other.c.environment == own.c.environment, other.c.group_name == own.c.group_name,
    )  # fmt: skip
    replaced = select(other.c.session_id).select_from(own.join(other, before))
    return siblings(session_id).union(replaced.where(own.c.session_id == session_id))


def book_moves(connection: Connection, session_id: SessionId, now_ns: int) -> int:
    """Book what the others moved since the last time; return how many of them did."""
    ledger.lock(connection, session_id)
    own_position = ledger.position(connection, session_id)
    if not own_position:
        return 0  # its opening will have it all
    entries = []
    for other in _others(connection, session_id, own_position):
        since = own_position if other.booked is None else other.booked
        until = max(since, other.position or 0)
        if other.booked is None or until > since:
            _seen(connection, {(session_id, other.session_id): until})
        moves = _moves(connection, other.session_id, since, until)
        if moves:
            key = f"{TAKEOVER}{session_id}:{other.session_id}:{until}"
            entries.append(Entry(key=key, kind=EntryKind.ADJUSTMENT, postings=moves))
    return ledger.book(connection, session_id, entries, now_ns) if entries else 0


def beside(session_id: str | BindParameter[str]) -> Select[Any]:
    """Return up to which entry (number) of each other session (name) of the account its moves are booked."""
    own, other, booked = sessions.alias("own"), sessions.alias("other"), moves_booked.alias("booked")
    position = select(func.max(ledger_entries.c.entry_id)).where(ledger_entries.c.session_id == session_id)
    return (
        select(
            literal("beside").label("part"),
            other.c.session_id.label("name"),
            literal("").label("asset"),
            literal(0).label("amount"),
            func.coalesce(booked.c.entry_id, position.scalar_subquery()).label("number"),
        )
        .select_from(
            own.join(other, _is_beside(own, other)).outerjoin(
                booked,
                and_(booked.c.session_id == own.c.session_id, booked.c.other_id == other.c.session_id),
            )
        )
        .where(own.c.session_id == session_id)
    )


def moved_since(connection: Connection, marks: Sequence[Row[Any]]) -> Moved:
    """Return what other sessions moved after these marks (`beside`)."""
    since = [
        and_(ledger_entries.c.session_id == mark.name, ledger_entries.c.entry_id > mark.number)
        for mark in marks
        if mark.number is not None  # our books are not open: their opening will have it all
    ]
    if not since:
        return {}
    moved = connection.execute(_summed(or_(*since)))
    return {(ledger.OWN[row.account], row.asset): row.sum for row in moved if row.sum}


def unbooked(connection: Connection, session_id: SessionId) -> Moved:
    """Return what the others moved that this session's books do not have yet."""
    return moved_since(connection, connection.execute(beside(session_id)).all())


def open_beside(connection: Connection, session_id: SessionId, now_ns: int) -> bool:
    """Open the books from those of another group's session on the account; tell whether they are open.

    The venues cannot be asked: what they say belongs to no one moment while the other one trades.
    """
    if openings := _openings(connection, session_id):
        return openings >= VENUES_OF_A_PAIR
    neighbour = _neighbour(connection, session_id)
    if neighbour is None:
        return False
    ledger.lock(connection, neighbour)
    held = ledger.venue_balances(connection, neighbour)
    seen = select(moves_booked).where(moves_booked.c.session_id == neighbour)
    known = {row.other_id: row.entry_id for row in connection.execute(seen)}
    known[neighbour] = ledger.position(connection, neighbour)
    entries = [
        opening_entry(
            session_id, venue, {asset: amount for (holder, asset), amount in held.items() if holder is venue}
        )
        for venue in Venue
    ]
    ledger.book(connection, session_id, entries, now_ns)
    own_position = ledger.position(connection, session_id)
    _seen(connection, {(session_id, other): at for other, at in known.items() if other != session_id})
    _seen(
        connection,
        {
            (each.session_id, session_id): own_position
            for each in _others(connection, session_id, own_position)
        },
    )
    return True


def _openings(connection: Connection, session_id: SessionId) -> int:
    counted = select(func.count()).where(
        ledger_entries.c.session_id == session_id, ledger_entries.c.kind == EntryKind.OPENING.value
    )
    return connection.execute(counted).scalar_one()


def _neighbour(connection: Connection, session_id: SessionId) -> SessionId | None:
    """Return the session in use of another group on the same account that was traded last."""
    newest = func.max(ledger_entries.c.entry_id)
    found = (
        select(sessions.c.session_id)
        .join(ledger_entries, ledger_entries.c.session_id == sessions.c.session_id)
        .where(
            sessions.c.session_id.in_(siblings(session_id)),
            sessions.c.group_name
            != select(sessions.c.group_name).where(sessions.c.session_id == session_id).scalar_subquery(),
            sessions.c.set_aside_at_ns == 0,
        )
        .group_by(sessions.c.session_id)
        .order_by(newest.desc())
        .limit(1)
    )
    return connection.execute(found).scalar()


def _others(connection: Connection, session_id: SessionId, since: int) -> list[Row[Any]]:
    """Return each other session of the account with its position and how much of it is booked here.

    Its position is that of what is not booked here yet, None where there is nothing of that. Of a session
    that was never looked at, what came after `since` is not. (`+ 0` has the entries of that session looked
    at, and not those of all sessions until one of it turns up.)
    """
    own, other = sessions.alias("own"), sessions.alias("other")
    position = (
        select(func.max(ledger_entries.c.entry_id + 0))
        .where(
            ledger_entries.c.session_id == other.c.session_id,
            ledger_entries.c.entry_id > func.coalesce(moves_booked.c.entry_id, since),
        )
        .correlate(other, moves_booked)
        .scalar_subquery()
    )
    booked = and_(
        moves_booked.c.session_id == own.c.session_id, moves_booked.c.other_id == other.c.session_id
    )
    found = (
        select(other.c.session_id, position.label("position"), moves_booked.c.entry_id.label("booked"))
        .select_from(own.join(other, _is_beside(own, other)).outerjoin(moves_booked, booked))
        .where(own.c.session_id == session_id)
        .order_by(other.c.session_id)
    )
    return list(connection.execute(found))


def _is_beside(own: FromClause, other: FromClause) -> ColumnElement[bool]:
    """A session from before accounts were kept counts as one of the same account."""
    same = or_(other.c.account == own.c.account, other.c.account == "", own.c.account == "")
    return and_(other.c.environment == own.c.environment, other.c.session_id != own.c.session_id, same)


def _moves(connection: Connection, other: str, since: int, until: int) -> tuple[Posting, ...]:
    """Return what a session moved at the venues between two of its entries, summed up by asset."""
    if until <= since:
        return ()
    between = and_(
        ledger_entries.c.session_id == other,
        ledger_entries.c.entry_id > since,
        ledger_entries.c.entry_id <= until,
    )
    rows = [row for row in connection.execute(_summed(between)) if row.sum]
    return tuple(posting for row in rows for posting in move(OTHERS, row.account, row.asset, row.sum))


def _summed(entries: ColumnElement[bool]) -> Select[Any]:
    """Return what entries moved at the venues by themselves, summed up by venue and asset."""
    return (
        select(
            ledger_postings.c.account,
            ledger_postings.c.asset,
            func.sum(ledger_postings.c.amount).label("sum"),
        )
        .join(ledger_entries, ledger_entries.c.entry_id == ledger_postings.c.entry_id)
        .where(
            entries,
            ledger_entries.c.kind.in_(MOVES),
            ~ledger_entries.c.key.startswith(TAKEOVER),
            ledger_postings.c.account.in_(ledger.OWN),
        )
        .group_by(ledger_postings.c.account, ledger_postings.c.asset)
        .order_by(ledger_postings.c.account, ledger_postings.c.asset)
    )


def _seen(connection: Connection, booked: Mapping[tuple[str, str], int]) -> None:
    if not booked:
        return
    rows = [
        {"session_id": session_id, "other_id": other, "entry_id": entry_id}
        for (session_id, other), entry_id in booked.items()
    ]
    statement = insert(moves_booked).values(rows)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["session_id", "other_id"], set_={"entry_id": statement.excluded.entry_id}
        )
    )
