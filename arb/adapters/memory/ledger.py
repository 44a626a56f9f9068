"""The ledger in memory: entries in commit order and the balances they sum to."""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Final

from arb.adapters.memory.tables import Booked, MemoryTables
from arb.domain.ledger.ledger import Entry, EntryKind, Posting, venue_account
from arb.domain.market.ids import SessionId, Venue
from arb.domain.market.money import EXACT, ZERO

OWN: Final = {venue_account(venue): venue for venue in Venue}


def book(tables: MemoryTables, session_id: SessionId, entries: Sequence[Entry], now_ns: int) -> int:
    """Write the entries whose keys are new, and move the balances; return how many were new."""
    new = [entry for entry in entries if (session_id, entry.key) not in tables.keys]
    balances = tables.balances.setdefault(session_id, {})
    for entry in new:
        tables.keys.add((session_id, entry.key))
        tables.ledger.append(Booked(session_id, entry, now_ns))
        for posting in entry.postings:
            key = (posting.account, posting.asset)
            balances[key] = EXACT.add(balances.get(key, ZERO), posting.amount)
    return len(new)


def venue_balances(tables: MemoryTables, session_id: SessionId) -> dict[tuple[Venue, str], Decimal]:
    """Return what each venue should hold."""
    balances = tables.balances.get(session_id, {})
    return {(OWN[account], asset): amount for (account, asset), amount in balances.items() if account in OWN}


def position(tables: MemoryTables, session_id: SessionId) -> int:
    """Return the number of the session's last entry, 0 if it has none."""
    own = [number for number, row in enumerate(tables.ledger, start=1) if row.session_id == session_id]
    return own[-1] if own else 0


def opened(tables: MemoryTables, session_id: SessionId) -> int:
    """Return the number of the last entry that opened the session's books, 0 if they are not open."""
    numbered = enumerate(tables.ledger, start=1)
    own = [number for number, row in numbered if row.session_id == session_id and _opens(row)]
    return own[-1] if own else 0


def moved_by(tables: MemoryTables, sessions: Collection[SessionId], since: int) -> Iterator[Posting]:
    """Yield what sessions moved at the venues after an entry."""
    for row in tables.ledger[since:]:
        if row.session_id in sessions and not _opens(row):
            yield from (posting for posting in row.entry.postings if posting.account in OWN)


def _opens(row: Booked) -> bool:
    return row.entry.kind is EntryKind.OPENING
