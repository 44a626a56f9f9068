"""Faults that are planted in our books on purpose: a run that does not find them proves nothing."""

from typing import Final

from sqlalchemy import Engine, text

from arb.domain.market.ids import SessionId

# The newest fill of a trade that has ended, with its entry: as if it had never been told of.
NEWEST: Final = """
    SELECT fills.client_order_id, fills.venue, fills.symbol, fills.fill_id, entry_id
    FROM fills JOIN orders USING (client_order_id) JOIN trades USING (trade_id)
    JOIN ledger_entries ON ledger_entries.session_id = trades.session_id
        AND key = 'fill:' || fills.venue || ':' || fills.symbol || ':' || fills.fill_id
    WHERE trades.session_id = :session_id AND trades.state = 'closed' AND fills.fee > 0
    ORDER BY fills.ts_event_ns DESC LIMIT 1
"""
BALANCES: Final = """
    UPDATE balances SET amount = balances.amount - gone.amount
    FROM (SELECT account, asset, sum(amount) AS amount FROM ledger_postings
          WHERE entry_id = :entry_id AND {which} GROUP BY account, asset) AS gone
    WHERE session_id = :session_id AND balances.account = gone.account AND balances.asset = gone.asset
"""
OF_FEES: Final = """
    (account LIKE 'fees:%' OR line = (SELECT fee.line - 1 FROM ledger_postings AS fee
        WHERE fee.entry_id = :entry_id AND fee.account LIKE 'fees:%'))
"""
PLANTS: Final = {
    "fill": (
        BALANCES.format(which="true"),
        "DELETE FROM ledger_postings WHERE entry_id = :entry_id",
        "DELETE FROM ledger_entries WHERE entry_id = :entry_id",
        "DELETE FROM fills WHERE client_order_id = :client_order_id AND fill_id = :fill_id",
    ),
    "fee": (
        BALANCES.format(which=OF_FEES),
        f"DELETE FROM ledger_postings WHERE entry_id = :entry_id AND {OF_FEES}",
        "UPDATE fills SET fee = 0 WHERE client_order_id = :client_order_id AND fill_id = :fill_id",
    ),
}


def plant(database: Engine, session_id: SessionId, what: str) -> str:
    """Leave a fill out, or drop a fee; return which. There must be a trade that has ended."""
    with database.begin() as connection:
        row = connection.execute(text(NEWEST), {"session_id": session_id}).one()
        known = dict(row._mapping) | {"session_id": session_id}
        for statement in PLANTS[what]:
            connection.execute(text(statement), known)
    return f"{what} of {row.venue} {row.symbol} {row.fill_id}"
