"""A session that has begun, with its money, in PostgreSQL."""

from sqlalchemy import Engine

from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.domain.market.ids import SessionId
from tests.contracts import world


def begun_session(engine: Engine) -> SessionId:
    """Begin a session and book what it opens with."""
    session, trades = world.session(), SqlTradeStore(engine)
    SqlSessionStore(engine).create(session)
    for entry in world.openings(session.session_id):
        trades.book_entry(session.session_id, entry, world.NOW_NS)
    return session.session_id
