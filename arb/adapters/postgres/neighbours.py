"""Sessions that trade, or traded, on the same accounts: each keeps books of all that its venues hold.

What the others moved is booked in a session as one adjustment for each of them, so that its ledger is the
venues' balances and every difference that is left is a real one. `moves_booked` says up to which entry of
another session that was done. A session's entries grow in commit order, so nothing is passed over. Of one
that shares the account at one venue only, what it moved at the other one is no concern of ours.
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
from arb.adapters.postgres.session_accounts import Session, in_reach, shared
from arb.adapters.postgres.tables import (
    ledger_entries,
    ledger_postings,
    moves_booked,
    session_accounts,
    sessions,
)
from arb.domain.ledger.ledger import Entry, EntryKind, Posting, move, opening_entry, venue_account
from arb.domain.market.ids import SessionId, Venue

TAKEOVER: Final = "takeover:"
OTHERS: Final = "other_sessions"
MOVES: Final = (EntryKind.FILL.value, EntryKind.ADJUSTMENT.value, EntryKind.FEE.value)
Moved = Mapping[tuple[Venue, str], Decimal]


def siblings(session_id: Session, venue: BindParameter[str] | None = None) -> CompoundSelect[Any]:
    """Return the ids of the sessions whose orders move the same balances, its own among them.

    Those that share any account of it, or the one at a venue, unless that is null.
    """
    at_hand = shared(session_id).subquery()
    others = select(at_hand.c.session_id)
    own = select(sessions.c.session_id).where(sessions.c.session_id == session_id)
    if venue is not None:
        others = others.where(or_(venue.is_(None), at_hand.c.venue == venue))
    return own.union(others)


def of_one_purse(session_id: Session, found: FromClause) -> CompoundSelect[Any]:
    """Return the ids of the sessions whose losses are one budget: of one account, by whatever session.

    `found` are its `siblings`. Where accounts have no name, it shares with those that it took the place of.
    """
    own, other = sessions.alias("own"), sessions.alias("other")
    before = and_(
        ~_is_named(own), ~_is_named(other), other.c.set_aside_at_ns > 0,
        other.c.environment == own.c.environment, other.c.group_name == own.c.group_name,
    )  # fmt: skip
    replaced = select(other.c.session_id).select_from(own.join(other, before))
    return select(found.c.session_id).union(replaced.where(own.c.session_id == session_id))


def _is_named(session: FromClause) -> ColumnElement[bool]:
    named = and_(session_accounts.c.session_id == session.c.session_id, session_accounts.c.account != "")
    return select(session_accounts.c.venue).where(named).correlate(session).exists()


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
        moves = _moves(connection, other, since, until)
        if moves:
            key = f"{TAKEOVER}{session_id}:{other.session_id}:{until}"
            entries.append(Entry(key=key, kind=EntryKind.ADJUSTMENT, postings=moves))
    return ledger.book(connection, session_id, entries, now_ns) if entries else 0


def beside(session_id: Session) -> Select[Any]:
    """Return up to which entry (number) of another session (name) its moves at a venue (asset) are booked."""
    other, booked = in_reach(session_id).subquery(), moves_booked.alias("booked")
    position = select(func.max(ledger_entries.c.entry_id)).where(ledger_entries.c.session_id == session_id)
    known = and_(booked.c.session_id == session_id, booked.c.other_id == other.c.session_id)
    return select(
        literal("beside").label("part"),
        other.c.session_id.label("name"),
        other.c.venue.label("asset"),
        literal(0).label("amount"),
        func.coalesce(booked.c.entry_id, position.scalar_subquery()).label("number"),
    ).select_from(other.outerjoin(booked, known))


def moved_since(connection: Connection, marks: Sequence[Row[Any]]) -> Moved:
    """Return what other sessions moved after these marks (`beside`)."""
    since = [
        and_(
            ledger_entries.c.session_id == mark.name,
            ledger_entries.c.entry_id > mark.number,
            ledger_postings.c.account == venue_account(Venue(mark.asset)),
        )
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
    """Open the books from those of other groups' sessions on the accounts; tell whether all are open.

    A venue where another one trades cannot be asked: what it says belongs to no one moment.
    """
    venues = _venues(connection, session_id)
    if openings := _openings(connection, session_id):
        return openings == len(venues)
    neighbours = _neighbours(connection, session_id)
    beside = sorted({neighbours[venue] for venue in venues if venue in neighbours})
    if not beside:
        return False
    known: dict[str, int] = {}
    for neighbour in beside:
        if len(beside) > 1:
            book_moves(connection, neighbour, now_ns)  # so that both say the same of a third one
        ledger.lock(connection, neighbour)
        seen = select(moves_booked).where(moves_booked.c.session_id == neighbour)
        known |= {row.other_id: row.entry_id for row in connection.execute(seen)}
    known |= {neighbour: ledger.position(connection, neighbour) for neighbour in beside}
    entries = []
    for venue in (venue for venue in venues if venue in neighbours):
        held = ledger.venue_balances(connection, neighbours[venue])
        of_venue = {asset: amount for (holder, asset), amount in held.items() if holder is venue}
        entries.append(opening_entry(session_id, venue, of_venue))
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
    return len(entries) == len(venues)


def _venues(connection: Connection, session_id: SessionId) -> list[Venue]:
    """Return where a session trades."""
    own = select(session_accounts.c.venue).where(session_accounts.c.session_id == session_id)
    return [Venue(venue) for venue in connection.execute(own.order_by(session_accounts.c.venue)).scalars()]


def _openings(connection: Connection, session_id: SessionId) -> int:
    counted = select(func.count()).where(
        ledger_entries.c.session_id == session_id, ledger_entries.c.kind == EntryKind.OPENING.value
    )
    return connection.execute(counted).scalar_one()


def _neighbours(connection: Connection, session_id: SessionId) -> dict[Venue, SessionId]:
    """Return the session in use of another group on the same account at each venue, if there is one.

    One that shares more of the accounts goes before others, then the one that was traded last.
    """
    at_hand = shared(session_id).subquery()
    venues = func.array_agg(at_hand.c.venue.distinct())
    found = (
        select(sessions.c.session_id, venues.label("venues"))
        .join(at_hand, at_hand.c.session_id == sessions.c.session_id)
        .join(ledger_entries, ledger_entries.c.session_id == sessions.c.session_id)
        .where(
            sessions.c.group_name
            != select(sessions.c.group_name).where(sessions.c.session_id == session_id).scalar_subquery(),
            sessions.c.set_aside_at_ns == 0,
        )
        .group_by(sessions.c.session_id)
        .order_by(func.cardinality(venues).desc(), func.max(ledger_entries.c.entry_id).desc())
    )
    nearest: dict[Venue, SessionId] = {}
    for row in connection.execute(found):
        nearest |= {Venue(venue): row.session_id for venue in row.venues if Venue(venue) not in nearest}
    return nearest


def _others(connection: Connection, session_id: SessionId, since: int) -> list[Row[Any]]:
    """Return each other session of the accounts with its position, how much of it is booked here, and where.

    Its position is that of what is not booked here yet, None where there is nothing of that. Of a session
    that was never looked at, what came after `since` is not. (`+ 0` has the entries of that session looked
    at, and not those of all sessions until one of it turns up.)
    """
    at_hand = in_reach(session_id).subquery()
    other = (
        select(at_hand.c.session_id, func.array_agg(at_hand.c.venue).label("venues"))
        .group_by(at_hand.c.session_id)
        .subquery()
    )
    position = (
        select(func.max(ledger_entries.c.entry_id + 0))
        .where(
            ledger_entries.c.session_id == other.c.session_id,
            ledger_entries.c.entry_id > func.coalesce(moves_booked.c.entry_id, since),
        )
        .correlate(other, moves_booked)
        .scalar_subquery()
    )
    booked = and_(moves_booked.c.session_id == session_id, moves_booked.c.other_id == other.c.session_id)
    found = (
        select(other, position.label("position"), moves_booked.c.entry_id.label("booked"))
        .select_from(other.outerjoin(moves_booked, booked))
        .order_by(other.c.session_id)
    )
    return list(connection.execute(found))


def _moves(connection: Connection, other: Row[Any], since: int, until: int) -> tuple[Posting, ...]:
    """Return what a session moved at shared accounts between two of its entries, summed up by asset."""
    if until <= since:
        return ()
    between = and_(
        ledger_entries.c.session_id == other.session_id,
        ledger_entries.c.entry_id > since,
        ledger_entries.c.entry_id <= until,
        ledger_postings.c.account.in_([venue_account(Venue(venue)) for venue in other.venues]),
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
