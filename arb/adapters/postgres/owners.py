"""Whose rows a process may write: those of sessions of its own mode and account.

An engine that acts for an owner carries it into each of its transactions, and whoever locks a row to write
it asks here first. So a message that reached the wrong process changes nothing. Tools that act for no owner
(a checker, a test) are not asked.
"""

from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, true

from arb.adapters.postgres.tables import sessions
from arb.domain.errors import ForeignSession
from arb.domain.market.ids import SessionId
from arb.domain.state.owner import Owner

OPTION: Final = "arb_owner"


def acting_for(engine: Engine, owner: Owner) -> Engine:
    """Return the same engine, whose transactions write for sessions of that owner only."""
    return engine.execution_options(**{OPTION: owner})


def refuse_foreign(connection: Connection, session_id: SessionId, owner: Owner) -> None:
    """Refuse to write for a session of somebody else. Raises: ForeignSession."""
    mine = _acting(connection)
    if mine is not None and not mine.may_touch(owner):
        raise ForeignSession(session_id, owner.environment)


def require_own(connection: Connection, session_id: SessionId) -> None:
    """Refuse to write for a session that is somebody else's by its row. Raises: ForeignSession."""
    if _acting(connection) is None:
        return
    found = select(sessions.c.environment, sessions.c.account).where(sessions.c.session_id == session_id)
    row = connection.execute(found).one_or_none()
    if row is not None:
        refuse_foreign(connection, session_id, Owner(environment=row.environment, account=row.account))


def of_own_session(connection: Connection, session_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a row's session is one that this transaction may write for."""
    mine = _acting(connection)
    if mine is None:
        return true()
    accounts = sessions.c.account.in_((mine.account, "")) if mine.account else true()
    own = and_(sessions.c.session_id == session_id, sessions.c.environment == mine.environment)
    return select(sessions.c.session_id).where(own, accounts).exists()


def actor_of(connection: Connection) -> str:
    """Return whose process writes in this transaction; empty for a tool that acts for nobody."""
    mine = _acting(connection)
    return "" if mine is None else f"{mine.environment}:{mine.account}"


def _acting(connection: Connection) -> Owner | None:
    found = connection.get_execution_options().get(OPTION)
    return found if isinstance(found, Owner) else None
