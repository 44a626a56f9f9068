"""Going on with a session after others of its environment traded on the same accounts.

What they moved since this session's last entry is booked as one adjustment, so that its ledger is the
venues' balances again and every difference that is left is a real one.
"""

from typing import Final

from sqlalchemy import Connection, func, select

from arb.adapters.sql import ledger
from arb.adapters.sql.tables import ledger_entries, ledger_postings, sessions
from arb.domain.ids import SessionId
from arb.domain.ledger import Entry, EntryKind, move

TAKEOVER: Final = "takeover:"
OTHERS: Final = "other_sessions"
MOVES: Final = (EntryKind.FILL.value, EntryKind.ADJUSTMENT.value)


def book_others(connection: Connection, session_id: SessionId, environment: str, now_ns: int) -> None:
    """Book what other sessions moved at the venues since this one's last entry."""
    position = ledger.position(connection, session_id)
    if not position:
        return  # its opening will have it all
    summed = (
        select(
            ledger_postings.c.account,
            ledger_postings.c.asset,
            func.sum(ledger_postings.c.amount).label("sum"),
        )
        .select_from(
            ledger_postings.join(
                ledger_entries, ledger_entries.c.entry_id == ledger_postings.c.entry_id
            ).join(sessions, sessions.c.session_id == ledger_entries.c.session_id)
        )
        .where(
            sessions.c.environment == environment,
            ledger_entries.c.session_id != session_id,
            ledger_entries.c.entry_id > position,
            ledger_entries.c.kind.in_(MOVES),
            ~ledger_entries.c.key.startswith(TAKEOVER),
            ledger_postings.c.account.in_(ledger.OWN),
        )
        .group_by(ledger_postings.c.account, ledger_postings.c.asset)
    )
    moves = [row for row in connection.execute(summed) if row.sum]
    if moves:
        postings = tuple(
            posting for row in moves for posting in move(OTHERS, row.account, row.asset, row.sum)
        )
        key = f"{TAKEOVER}{session_id}:{position}"
        entry = Entry(key=key, kind=EntryKind.ADJUSTMENT, postings=postings)
        ledger.book(connection, session_id, (entry,), now_ns)
