"""The accounts of sessions, by venue, and which sessions share one."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    func,
    insert,
    select,
    update,
)

from arb.adapters.postgres.tables import session_accounts, sessions
from arb.domain.market.ids import SessionId, Venue
from arb.domain.state.owner import Accounts

Session = str | BindParameter[str]
# A column of a row of `sessions`.
NAMED: Final = (
    select(func.jsonb_object_agg(session_accounts.c.venue, session_accounts.c.account))
    .where(session_accounts.c.session_id == sessions.c.session_id)
    .correlate(sessions)
    .scalar_subquery()
    .label("accounts")
)


def accounts_of(named: Mapping[str, str] | None) -> Accounts:
    """Return what `NAMED` says; a session may have no accounts at all."""
    return {Venue(venue): name for venue, name in (named or {}).items()}


def write(connection: Connection, session_id: SessionId, environment: str, accounts: Accounts) -> None:
    """Write the accounts of a new session."""
    rows = [
        {"session_id": session_id, "environment": environment, "venue": venue.value, "account": name}
        for venue, name in accounts.items()
    ]
    if rows:
        connection.execute(insert(session_accounts), rows)


def name(connection: Connection, session_id: SessionId, accounts: Accounts) -> None:
    """Name what has no name yet."""
    session = connection.execute(
        select(sessions.c.environment, NAMED).where(sessions.c.session_id == session_id)
    ).one()
    if not session.accounts:
        write(connection, session_id, session.environment, accounts)
    for venue, named in accounts.items():
        unnamed = and_(
            session_accounts.c.session_id == session_id,
            session_accounts.c.venue == venue.value,
            session_accounts.c.account == "",
        )
        connection.execute(update(session_accounts).where(unnamed).values(account=named))


def shared(session_id: Session) -> CompoundSelect[Any]:
    """Return (session, venue) of whatever moves the balances of a session's accounts, its own among them.

    Both halves are found by an index each; a join on either of them would look at all sessions.
    """
    own = session_accounts.alias("own")
    itself = select(own.c.session_id, own.c.venue).where(own.c.session_id == session_id)
    return itself.union_all(_others(session_id, _IS_NAMED_ALIKE))


def in_reach(session_id: Session) -> CompoundSelect[Any]:
    """Return (session, venue) of each other session whose moves a session's books have to have.

    One from before accounts were kept counts as one of the same account.
    """
    unnamed = _others(session_id, _OTHER.c.account == "")
    to_unnamed = _others(session_id, and_(_OWN.c.account == "", _OTHER.c.account != ""))
    return _others(session_id, _IS_NAMED_ALIKE).union_all(unnamed, to_unnamed)


_OWN: Final = session_accounts.alias("own_account")
_OTHER: Final = session_accounts.alias("other_account")
_IS_NAMED_ALIKE: Final = and_(_OWN.c.account != "", _OTHER.c.account == _OWN.c.account)


def _others(session_id: Session, alike: ColumnElement[bool]) -> Select[Any]:
    """Return (session, venue) of the other sessions at the same venues whose accounts there are alike."""
    at_one_venue = and_(
        _OTHER.c.environment == _OWN.c.environment,
        _OTHER.c.venue == _OWN.c.venue,
        _OTHER.c.session_id != _OWN.c.session_id,
        alike,
    )
    return (
        select(_OTHER.c.session_id, _OTHER.c.venue)
        .select_from(_OWN.join(_OTHER, at_one_venue))
        .where(_OWN.c.session_id == session_id)
    )
