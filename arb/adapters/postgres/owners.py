"""Whose rows a process may write: those of sessions of its own mode and accounts.

An engine that acts for an owner carries it into each of its transactions, and whoever locks a row to write
it asks here first. So a message that reached the wrong process changes nothing. Tools that act for no owner
(a checker, a test) are not asked.
"""

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, ScalarSelect, and_, false, func, or_, select, true

from arb.adapters.postgres.prepared import Prepared
from arb.adapters.postgres.session_accounts import NAMED, accounts_of
from arb.adapters.postgres.tables import account_keys, session_accounts, sessions
from arb.domain.errors import ForeignSession
from arb.domain.market.ids import SessionId, Venue
from arb.domain.state.owner import Owner

OPTION: Final = "arb_owner"


def acting_for(engine: Engine, owner: Owner) -> Engine:
    """Return the same engine, whose transactions write for sessions of that owner only."""
    return engine.execution_options(**{OPTION: owner})


def owner_of(row: Any) -> Owner:
    """Return whose the session of a row is that has its environment and `NAMED`."""
    return Owner(environment=row.environment, accounts=accounts_of(row.accounts))


def refuse_foreign(connection: Connection, session_id: SessionId, owner: Owner) -> None:
    """Refuse to write for a session of somebody else. Raises: ForeignSession."""
    mine = acting(connection)
    if mine is None or mine.may_touch(owner):
        return
    today = {
        venue: connection.execute(select(_later(mine, venue))).scalar() or name
        for venue, name in mine.accounts.items()
    }
    if not replace(mine, accounts=today).may_touch(owner):
        raise ForeignSession(session_id, owner.environment)


def require_own(connection: Connection, session_id: SessionId) -> None:
    """Refuse to write for a session that is somebody else's by its row. Raises: ForeignSession."""
    if acting(connection) is None:
        return
    found = select(sessions.c.environment, NAMED).where(sessions.c.session_id == session_id)
    row = connection.execute(found).one_or_none()
    if row is not None:
        refuse_foreign(connection, session_id, owner_of(row))


def of_own_session(connection: Connection, session_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a row's session is one that this transaction may write for."""
    return is_owned(session_id, acting(connection))


def is_owned(session_id: ColumnElement[str], mine: Owner | None) -> ColumnElement[bool]:
    """Return the condition that a row's session is one that this owner may write for; anybody's for none."""
    if mine is None:
        return true()
    own = and_(sessions.c.session_id == session_id, sessions.c.environment == mine.environment)
    others = (
        select(session_accounts.c.venue)
        .where(session_accounts.c.session_id == sessions.c.session_id)
        .correlate(sessions)
    )
    mismatch = others.where(~or_(false(), *(_is_of(mine, venue) for venue in mine.accounts))).exists()
    return select(sessions.c.session_id).where(own, ~mismatch if mine.accounts else true()).exists()


def _is_of(mine: Owner, venue: Venue) -> ColumnElement[bool]:
    """Return the condition that an account of a session is the one of this owner at a venue."""
    name, called = mine.accounts[venue], session_accounts.c.account
    here = session_accounts.c.venue == venue.value
    return here if not name else and_(here, called.in_(("", name, func.coalesce(_later(mine, venue), name))))


def _later(mine: Owner, venue: Venue) -> ScalarSelect[str]:
    """Return what an account is called by now that was called so when this process began."""
    return (
        select(account_keys.c.account)
        .where(
            account_keys.c.environment == mine.environment,
            account_keys.c.venue == venue.value,
            account_keys.c.fingerprint == mine.accounts[venue],
        )
        .scalar_subquery()
    )


def prepared_for_owner(make: Callable[[Owner | None, str], Prepared]) -> Callable[[Connection], Prepared]:
    """Return what finds the statement of whoever a connection writes for.

    `make` is given the owner and what tells its statement's name from that of another owner.
    """
    made: dict[str, Prepared] = {}

    def of(connection: Connection) -> Prepared:
        actor = actor_of(connection)
        if actor not in made:
            made[actor] = make(acting(connection), f"{zlib.crc32(actor.encode()):08x}")
        return made[actor]

    return of


def actor_of(connection: Connection) -> str:
    """Return whose process writes in this transaction; empty for a tool that acts for nobody."""
    mine = acting(connection)
    return "" if mine is None else str(mine)


def acting(connection: Connection) -> Owner | None:
    """Return for whom this connection writes; None for a tool that acts for nobody."""
    found = connection.get_execution_options().get(OPTION)
    return found if isinstance(found, Owner) else None
