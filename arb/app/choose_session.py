"""Which session a start goes on with: the one in use, a kept one, or a new one.

What the session that was in use leaves behind is told to the operator and written down.
"""

from dataclasses import dataclass

from sqlalchemy import Engine as Database

from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.postgres.alerts import SqlAlertStore
from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.adapters.postgres.trades import SqlTradeStore
from arb.app.session import SessionPlace, clean_session, create_session, resume_session, take_up_session
from arb.app.session_switch import alert_open_pairs
from arb.domain.errors import ConfigError
from arb.domain.market.ids import SessionId
from arb.domain.state.account import are_others
from arb.domain.state.owner import in_words
from arb.ports.market import Clock, Entropy
from arb.ports.trading import Session
from arb.stack.home import Home
from arb.stack.shutdown import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChoice:
    """What a start asks for. Without any of it, it goes on with the session in use."""

    fresh: bool = False  # a new session in a new world
    clean: bool = False  # a new session in the same world; the last one is kept
    session: str | None = None  # go on with this one
    data: str | None = None  # on these recorded books


def choose_session(
    choice: SessionChoice,
    database_url: str,
    place: SessionPlace,
    clock: Clock,
    entropy: Entropy,
    progress: Progress,
) -> SessionId:
    """Have the session in use that a start asks for, and return it. Raises: ConfigError."""
    database = make_engine(database_url)
    try:
        left = SqlSessionStore(database).current(place.environment, place.group)
        chosen = _choose(choice, database, place, clock, entropy)
        in_use = SqlSessionStore(database).current(place.environment, place.group)
        if left is not None and in_use is not None and are_others(left.accounts, in_use.accounts):
            progress(
                f"session {left.session_id} is of accounts {in_words(left.accounts)} and is kept: "
                f"{in_use.session_id} begins on {in_words(in_use.accounts)}"
            )
        if left is not None:
            _tell_of_pairs(left, database, place, clock, progress)
        return chosen
    finally:
        database.dispose()


def _choose(
    choice: SessionChoice, database: Database, place: SessionPlace, clock: Clock, entropy: Entropy
) -> SessionId:
    sessions, trades = SqlSessionStore(database), SqlTradeStore(database)
    if choice.fresh:
        return create_session(sessions, place, clock, entropy)
    if choice.clean or (not choice.session and _is_elsewhere(sessions, place, choice.data)):
        return clean_session(sessions, trades, place, clock, entropy)
    if choice.session:
        if data_of(sessions, SessionId(choice.session)) != choice.data:
            raise ConfigError(f"session {choice.session} traded on recorded books: it ended with them")
        return take_up_session(sessions, trades, SessionId(choice.session), place, clock, entropy)
    return resume_session(sessions, trades, place, clock, entropy)


def _is_elsewhere(sessions: SqlSessionStore, place: SessionPlace, data: str | None) -> bool:
    """Tell whether the session in use trades on other quotes: on recorded books, or not on those."""
    in_use = sessions.current(place.environment, place.group)
    return in_use is not None and data_of(sessions, in_use.session_id) != data


def data_of(sessions: SqlSessionStore, session_id: SessionId) -> str | None:
    """Return the recorded books that a session trades on, None for what the venues quote."""
    newest = sessions.generation(session_id)
    data: str | None = None if newest is None else newest.settings.get("sim", {}).get("data")
    return data


def _tell_of_pairs(
    left: Session, database: Database, place: SessionPlace, clock: Clock, progress: Progress
) -> None:
    """Say, and write down, which pairs nobody looks after where another session is in use now."""
    in_use = SqlSessionStore(database).current(place.environment, place.group)
    if in_use is None or in_use.session_id == left.session_id:
        return
    alerts = RecordedAlerts(SqlAlertStore(database), left.session_id, Home.default().alerts_file)
    said = alert_open_pairs(SqlTradeStore(database), alerts, left, clock.now_ns())
    if said is not None:
        progress(said)
