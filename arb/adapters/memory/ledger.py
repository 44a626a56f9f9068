"""The ledger in memory: entries in commit order and the balances they sum to."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from arb.adapters.memory.tables import Booked, MemoryTables
from arb.domain.ledger.ledger import Entry, venue_account
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
