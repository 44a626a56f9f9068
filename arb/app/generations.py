"""Which settings a session runs with: frozen when it starts, by number, in its rows and in the home."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from arb.adapters.postgres.engine import make_engine
from arb.adapters.postgres.sessions import SqlSessionStore
from arb.domain.errors import ConfigError, StoreUnavailable
from arb.domain.market.ids import SessionId
from arb.domain.state.generation import Generation, SettingChange, changes
from arb.ports.market import Clock
from arb.ports.trading import Session, SessionStore
from arb.stack.home import Home
from config import addresses
from config.frozen import copy_of, frozen_of, kept_copy, thaw
from config.frozen_copy import write_copy
from config.settings import Settings, load

if TYPE_CHECKING:
    from arb.stack.shutdown import Progress

NEW: Final = "the session has none yet"


def freeze(settings: Settings, database_url: str, home: Home, clock: Clock, progress: "Progress") -> None:
    """Freeze the settings for the session in use, and say which generation goes on and why.

    The same settings as before are the same generation. Raises: StoreUnavailable.
    """
    with sessions_of(database_url) as sessions:
        session = sessions.current(settings.mode, settings.group)
        if session is not None:
            keep(home, freeze_in(sessions, session.session_id, settings, clock.now_ns(), progress))


def freeze_in(
    sessions: SessionStore, session_id: SessionId, settings: Settings, now_ns: int, progress: "Progress"
) -> Generation:
    """Return the generation that a session starts with: the newest one, or the next if settings differ."""
    newest, frozen = sessions.generation(session_id), frozen_of(settings)
    changed = () if newest is None else changes(newest.settings, frozen)
    if newest is not None and not changed:
        progress(f"generation {newest.number} of the settings goes on: the files say the same")
        return newest
    why = NEW if newest is None else f"started with what the files say since generation {newest.number}"
    following = Generation(
        session_id=session_id,
        number=1 if newest is None else newest.number + 1,
        settings=frozen,
        frozen_at_ns=now_ns,
        why=why,
    )
    sessions.begin_generation(following)
    progress(f"generation {following.number} of the settings begins: {why}")
    for change in changed:
        progress(f"  {change}")
    return following


def keep_on(
    sessions: SessionStore, session_id: SessionId, settings: Settings, now_ns: int, progress: "Progress"
) -> Generation:
    """Return the generation that a session keeps, since it runs; one that has none yet gets its first."""
    newest = sessions.generation(session_id)
    if newest is None:
        return freeze_in(sessions, session_id, settings, now_ns, progress)
    progress(f"generation {newest.number} of the settings goes on: the session runs with it")
    return newest


def keep(home: Home, generation: Generation) -> None:
    """Keep a generation in the home, where every process that starts again finds it first."""
    with suppress(OSError):  # a home that cannot be written: the rows say the same while PostgreSQL answers
        write_copy(home, copy_of(generation, os.environ))


def of_session(settings: Settings, sessions: SessionStore, session: Session) -> Settings:
    """Return what a session runs with by its rows: the home's copy may be behind, or missing.

    Raises: ConfigError, StoreUnavailable.
    """
    if session.generation == settings.generation:
        return settings
    newest = sessions.generation(session.session_id)
    return settings if newest is None else thaw(settings, newest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a session runs with, how the files differ from it, and what could not be read."""

    settings: Settings
    changed: tuple[SettingChange, ...] = ()
    problems: tuple[str, ...] = ()


def compare_running() -> Comparison:
    """Return what the session that runs here has, by its rows or the home's copy. Raises: ConfigError."""
    settings, problems = addresses.settings(), []
    try:
        with sessions_of(addresses.database_url(settings)) as sessions:
            session = sessions.current(settings.mode, settings.group)
            if session is not None:
                settings = of_session(settings, sessions, session)
    except (ConfigError, StoreUnavailable) as error:
        problems.append(f"by the home alone, since the rows cannot be read: {str(error).splitlines()[0]}")
    try:
        changed = changes(frozen_of(settings), frozen_of(load()))
    except ConfigError as error:
        problems.append(f"the files cannot be used: {error}")
        changed = ()
    return Comparison(settings=settings, changed=changed, problems=tuple(problems))


@contextmanager
def sessions_of(database_url: str) -> Iterator[SqlSessionStore]:
    """Have the sessions of a database for a moment."""
    database = make_engine(database_url)
    try:
        yield SqlSessionStore(database)
    finally:
        database.dispose()


def standing(home: Home) -> Iterator[str]:
    """Say which generation the session of a home has, and how the files differ from it."""
    environ = {**os.environ, "ARB_HOME": str(home.path)}
    try:
        copy = kept_copy(environ)
        if copy is None:
            return
        if copy.generation.settings.get("sim", {}).get("data"):
            yield "the session has ended with its recorded books: `arb up --data` begins another one"
            return
        number = copy.generation.number
        changed = changes(copy.generation.settings, frozen_of(load(environ=environ)))
    except (ConfigError, OSError) as error:
        yield f"mend the settings before `arb up`: {error}"
        return
    if not changed:
        yield f"`arb up` goes on with generation {number} of the settings: the files say the same"
        return
    yield f"`arb up` begins generation {number + 1} of the settings: the files say something else since"
    yield from (f"  {change}" for change in changed)
