"""How often what the entries of a session are reviewed by was decided anew (`domain.risk.known_exposure`).

Its row is locked last of all in a transaction, so that nobody waits in a circle.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import CTE, Connection, literal, select
from sqlalchemy.dialects.postgresql import insert

from arb.adapters.postgres.bulk import Condition
from arb.adapters.postgres.tables import review_marks
from arb.domain.market.ids import SessionId
from arb.domain.trading.trade import TradeState

# Of all sessions that share an account with this one: a session more or less is another mark, too.
OF_ACCOUNTS: Final = """
SELECT count(*) + coalesce(sum(marks.mark), 0) AS mark,
       coalesce(max(marks.mark) FILTER (WHERE of_accounts.session_id = {session_id}), 0) AS own_mark
FROM (SELECT {session_id} AS session_id
      UNION SELECT other.session_id FROM session_accounts AS own
      JOIN session_accounts AS other USING (environment, venue, account)
      WHERE own.session_id = {session_id} AND own.account <> '') AS of_accounts
LEFT JOIN review_marks AS marks USING (session_id)
"""
# Moves the mark of a session and returns a row, if it and those of its accounts are as they were read.
UNMOVED: Final = Condition(
    f"""
INSERT INTO review_marks (session_id, mark)
SELECT :session_id, 1 FROM ({OF_ACCOUNTS.format(session_id=":session_id")}) AS now
WHERE now.mark = :mark AND now.own_mark = :own_mark
ON CONFLICT (session_id) DO UPDATE SET mark = review_marks.mark + 1 WHERE review_marks.mark = :own_mark
RETURNING 1
""",
    (("session_id", "text"), ("mark", "bigint"), ("own_mark", "bigint")),
)
ON_CONFLICT: Final[Mapping[str, Any]] = {
    "index_elements": [review_marks.c.session_id],
    "set_": {"mark": review_marks.c.mark + 1},
}
MOVE: Final = insert(review_marks).on_conflict_do_update(**ON_CONFLICT)
# A pair that is closed, maybe at a loss, that has ended, or that was at rest and is at risk again. That an
# entry has become a pair is none: its opening has counted.
DECISIVE: Final = frozenset(TradeState) - {TradeState.OPENING, TradeState.OPEN}


def read(connection: Connection, session_id: SessionId) -> tuple[int, int]:
    """Return the mark of all sessions of its accounts, and its own."""
    row: Any = connection.exec_driver_sql(
        OF_ACCOUNTS.format(session_id="%(session_id)s"), {"session_id": session_id}
    ).one()
    return int(row.mark), row.own_mark


def move(connection: Connection, session_id: SessionId) -> None:
    """Have whoever read an exposure before this commit read it again."""
    connection.execute(MOVE, {"session_id": session_id, "mark": 1})


def moved_by(changed: CTE) -> CTE:
    """Return what does the same beside a change of trades (session_id, state) that reviews go by."""
    decisive = changed.c.state.in_(sorted(state.value for state in DECISIVE))
    of_sessions = select(changed.c.session_id, literal(1)).where(decisive)
    moving = insert(review_marks).from_select(["session_id", "mark"], of_sessions)
    return moving.on_conflict_do_update(**ON_CONFLICT).cte("mark_moved")
