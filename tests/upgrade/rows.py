"""What the database of a home says: the truth, whichever version wrote it."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg2
from sqlalchemy.engine import make_url

SESSIONS: Final = "SELECT session_id FROM sessions"
TRADES: Final = "SELECT trade_id, version FROM trades"
ORDERS: Final = "SELECT client_order_id, event_seq FROM orders"
# An open pair, both of whose legs were executed.
PAIRS: Final = """
SELECT trade_id FROM trades WHERE state = 'open' AND 2 = (
    SELECT count(DISTINCT orders.venue) FROM orders JOIN fills USING (client_order_id)
    WHERE orders.trade_id = trades.trade_id AND orders.purpose = 'entry')
"""
UNKNOWN: Final = "SELECT client_order_id FROM orders WHERE state = 'unknown' AND venue = %s"
CLOSED: Final = "SELECT trade_id FROM trades WHERE state = 'closed' AND closed_at_ns > %s"
# Handed over is an end, but not one that a stack should come to by itself.
UNENDED: Final = """
SELECT 'trade', trade_id, coin, state, reason FROM trades WHERE state NOT IN ('closed', 'aborted')
UNION ALL SELECT 'order', client_order_id, symbol, state, reason FROM orders
    WHERE state NOT IN ('filled', 'canceled', 'rejected', 'expired', 'denied')
"""
# What took an order out of UNKNOWN, when, and how much of it is booked as executed.
PROOF: Final = """
SELECT event, at_ns, (SELECT coalesce(sum(quantity), 0) FROM fills WHERE fills.client_order_id = %(id)s)
FROM order_events WHERE client_order_id = %(id)s AND from_state = 'unknown' ORDER BY seq LIMIT 1
"""
DEAD_LETTERS: Final = "SELECT task, error FROM dead_letters"


def runtime_of(home: Path) -> dict[str, Any]:
    """Return what the running stack of a home tells of itself."""
    found: dict[str, Any] = json.loads((home / "runtime.json").read_text())
    return found


class Rows:
    """The rows of the stack that runs in a home."""

    def __init__(self, home: Path) -> None:
        url = make_url(runtime_of(home)["database_url"]).set(drivername="postgresql")
        self._url = url.render_as_string(hide_password=False)

    def read(self, query: str, given: Any = None) -> list[tuple[Any, ...]]:
        """Return the rows that a query finds."""
        with closing(psycopg2.connect(self._url)) as connection, connection.cursor() as cursor:
            cursor.execute(query, given)
            return cursor.fetchall()

    def column(self, query: str, given: Any = None) -> set[Any]:
        """Return the distinct values of the first column that a query finds."""
        return {row[0] for row in self.read(query, given)}
