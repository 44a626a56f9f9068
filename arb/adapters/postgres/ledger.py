"""The double-entry ledger: entries, postings, and the balances they sum to, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.tables import balances, ledger_entries, ledger_postings
from arb.domain.ledger.ledger import Entry, EntryKind, Posting, venue_account
from arb.domain.market.ids import SessionId, Venue
from arb.domain.market.money import exact_sum

LOCK_CLASS: Final = 0x6C6564  # "led"
LOCK: Final = text("SELECT pg_advisory_xact_lock(:class, hashtext(:session_id))")
OWN: Final = {venue_account(venue): venue for venue in Venue}


def book(connection: Connection, session_id: SessionId, entries: Sequence[Entry], now_ns: int) -> int:
    """Write the entries whose keys are new, and move the balances; return how many were new.

    The last lock that a transaction takes: one writer per session from here to the commit, so that entry
    ids grow in commit order and two transactions never wait for each other's balances.
    """
    lock(connection, session_id)
    by_key = {entry.key: entry for entry in entries}
    rows = [
        {"session_id": session_id, "key": entry.key, "kind": entry.kind.value, "at_ns": now_ns}
        for entry in by_key.values()
    ]
    written = connection.execute(
        insert(ledger_entries)
        .on_conflict_do_nothing(index_elements=["session_id", "key"])
        .returning(ledger_entries.c.entry_id, ledger_entries.c.key),
        rows,
    ).all()
    if written:
        _post(connection, session_id, {row.entry_id: by_key[row.key] for row in written})
    return len(written)


def lock(connection: Connection, session_id: SessionId) -> None:
    """Be the only writer of a session's ledger until the commit."""
    connection.execute(LOCK, {"class": LOCK_CLASS, "session_id": session_id})


def _post(connection: Connection, session_id: SessionId, entries: Mapping[int, Entry]) -> None:
    lines = [
        {
            "entry_id": entry_id,
            "line": line,
            "account": posting.account,
            "asset": posting.asset,
            "amount": posting.amount,
        }
        for entry_id, entry in entries.items()
        for line, posting in enumerate(entry.postings)
    ]
    if not lines:
        return
    connection.execute(insert(ledger_postings).values(lines))
    moves = [
        {"session_id": session_id, "account": account, "asset": asset, "amount": amount}
        for (account, asset), amount in _moves(tuple(entries.values())).items()
    ]
    statement = insert(balances).values(moves)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["session_id", "account", "asset"],
            set_={"amount": balances.c.amount + statement.excluded.amount},
        )
    )


def _moves(entries: Sequence[Entry]) -> dict[tuple[str, str], Decimal]:
    postings = [posting for entry in entries for posting in entry.postings]
    keys = sorted({(posting.account, posting.asset) for posting in postings})
    return {
        key: exact_sum(posting.amount for posting in postings if (posting.account, posting.asset) == key)
        for key in keys
    }


def venue_balances(connection: Connection, session_id: SessionId) -> dict[tuple[Venue, str], Decimal]:
    """Return what each venue should hold."""
    rows = connection.execute(
        select(balances.c.account, balances.c.asset, balances.c.amount).where(
            balances.c.session_id == session_id, balances.c.account.in_(OWN)
        )
    )
    return {(OWN[row.account], row.asset): row.amount for row in rows}


def position(connection: Connection, session_id: SessionId) -> int:
    """Return the id of the session's last entry, 0 if it has none."""
    newest = select(func.max(ledger_entries.c.entry_id)).where(ledger_entries.c.session_id == session_id)
    return connection.execute(newest).scalar() or 0


def entries_after(connection: Connection, session_id: SessionId, after: int) -> tuple[Entry, ...]:
    """Return the session's entries beyond a position, in commit order."""
    joined = ledger_entries.outerjoin(
        ledger_postings, ledger_postings.c.entry_id == ledger_entries.c.entry_id
    )
    wanted = (
        select(ledger_entries, ledger_postings.c.account, ledger_postings.c.asset, ledger_postings.c.amount)
        .select_from(joined)
        .where(ledger_entries.c.session_id == session_id, ledger_entries.c.entry_id > after)
        .order_by(ledger_entries.c.entry_id, ledger_postings.c.line)
    )
    heads: dict[int, tuple[str, EntryKind]] = {}
    postings: dict[int, tuple[Posting, ...]] = {}
    for row in connection.execute(wanted):
        heads[row.entry_id] = (row.key, EntryKind(row.kind))
        line = () if row.account is None else (Posting(row.account, row.asset, row.amount),)
        postings[row.entry_id] = postings.get(row.entry_id, ()) + line
    return tuple(
        Entry(key=key, kind=kind, postings=postings[number]) for number, (key, kind) in heads.items()
    )
