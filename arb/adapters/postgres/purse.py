"""One decision at a time about the money of each account, whichever of its sessions decides.

The first lock that a transaction takes, and never held over a send: who approves a trade reads what all
sessions of its accounts hold and have spent, and nobody sets aside of it meanwhile. A mode that changes waits
for it, too, so that no session opens a trade after a kill that another one of its accounts knows of.

The locks are taken in the order of their numbers, so that two sessions which share one venue of two cannot
wait for each other.
"""

from typing import Final

from sqlalchemy import Connection, text

from arb.adapters.postgres.prepared import Prepared
from arb.domain.market.ids import SessionId

LOCK_CLASS: Final = 0x616363  # "acc"
LOCK: Final = Prepared(
    "arb_lock_purse",
    text(
        f"SELECT pg_advisory_xact_lock({LOCK_CLASS}, number) FROM ("
        " SELECT DISTINCT hashtext(environment || '\\:' || venue || '\\:' || account) AS number"
        " FROM session_accounts WHERE session_id = :session_id AND account <> '' ORDER BY number) AS in_order"
    ),
    {"session_id": "text"},
)


def lock(connection: Connection, session_id: SessionId) -> None:
    """Be the only one to decide about the money of a session's accounts until the commit."""
    LOCK.execute(connection, {"session_id": session_id})
