"""Connections to PostgreSQL: one pool for each process, and transactions on it.

Who keeps a copy of what is written here listens to an engine (`noting`): each commit through it is noted,
with the trades that it changed. A store opens its transactions here and nowhere else, so no write escapes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

# The fallback broker's package imports it when a thread first needs it, and while it is half imported
# every other thread's statements fail: it has to be there before there are threads.
import sqlalchemy.orm  # noqa: F401
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, InvalidatePoolError

from arb.adapters.local.clock import SystemClock
from arb.adapters.postgres import patience
from arb.adapters.postgres.failures import (
    TransactionInterrupted,
    committing,
    committing_at_once,
    translated,
)
from arb.domain.errors import ConfigError
from arb.domain.market.ids import TradeId
from arb.domain.time import NS_PER_S

CONNECT_TIMEOUT_S: Final = 5
STATEMENT_TIMEOUT_MS: Final = 10_000
LOCK_TIMEOUT_MS: Final = 5_000
IDLE_TRANSACTION_TIMEOUT_MS: Final = 15_000  # a worker that hangs inside a transaction loses its locks
TRUSTED_NS: Final = NS_PER_S  # since a connection was used: who restarts a server takes about as long
RETURNED: Final = "arb_returned_at_ns"
NOTE: Final = "arb_note"
UNCHANGED: Final = "arb_unchanged"


class Note(Protocol):
    """Takes which trades a commit changed, none where it changed only sums; returns at once, never raises."""

    def __call__(self, *trades: TradeId) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """How many connections one process keeps and for how long."""

    size: int = 5
    overflow_max: int = 5
    lifetime_s: int = 1_800
    idle_s: int = 600
    timeout_s: int = 5  # for a connection to become free


def address(database_url: str) -> URL:
    """Return a URL with the driver of these stores. Raises: ConfigError."""
    try:
        return make_url(database_url).set(drivername="postgresql+psycopg2")
    except (ArgumentError, ValueError):  # they quote what they cannot read, and it may be the password
        raise ConfigError(
            "ARB_DATABASE_URL: is no address; write postgresql://user:password@host:5432/arb, "
            "with what is neither letter nor digit in the password as %-codes"
        ) from None


def limits(url: URL, application_name: str) -> dict[str, Any]:
    """Return what libpq is told beside a URL, so that a server that hangs is not waited for without end."""
    options = (
        *url.normalized_query.get("options", ()),
        f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
        f"-c lock_timeout={LOCK_TIMEOUT_MS}",
        f"-c idle_in_transaction_session_timeout={IDLE_TRANSACTION_TIMEOUT_MS}",
        "-c plan_cache_mode=force_generic_plan",  # else the first five runs on a connection are planned anew
    )
    return {
        "application_name": application_name,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "tcp_user_timeout": STATEMENT_TIMEOUT_MS,
        "options": " ".join(options),
    }


def make_engine(database_url: str, pool: Pool | None = None, application_name: str = "arb") -> Engine:
    """Return an engine; nothing is connected yet. Make it after a fork, never before."""
    pool = pool or Pool()
    patience.install()
    url = address(database_url)
    engine = create_engine(
        url,
        pool_size=pool.size,
        max_overflow=pool.overflow_max,
        pool_recycle=pool.lifetime_s,
        pool_timeout=pool.timeout_s,
        pool_use_lifo=True,
        connect_args={"connection_factory": patience.LimitedConnection, **limits(url, application_name)},
    )
    _limit_idleness(engine, pool.idle_s * NS_PER_S)
    return engine


def _limit_idleness(engine: Engine, idle_ns_max: int) -> None:
    """Replace a connection that nobody used for too long; with LIFO these are those beyond the need.

    One that was used a moment ago is trusted, another one is asked first: on a hot pool that would be a
    round trip before each transaction.
    """
    clock = SystemClock()

    @event.listens_for(engine, "checkin")
    def remember(_connection: Any, record: Any) -> None:
        record.info[RETURNED] = clock.steady_ns()

    @event.listens_for(engine, "checkout")
    def look(connection: Any, record: Any, _proxy: Any) -> None:
        returned_ns = record.info.pop(RETURNED, None)
        if returned_ns is None:
            return
        idle_ns = clock.steady_ns() - returned_ns
        if idle_ns > idle_ns_max:
            raise DisconnectionError("idle for too long")
        if idle_ns > TRUSTED_NS and not _answers(engine, connection):
            raise InvalidatePoolError("the server is another one, or away")


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return bool(engine.dialect.do_ping(connection))
    except engine.dialect.loaded_dbapi.Error as error:
        if engine.dialect.is_disconnect(error, connection, None):
            return False
        raise


def noting(engine: Engine, note: Note) -> Engine:
    """Return an engine on the same pool whose commits are noted."""
    return engine.execution_options(**{NOTE: note})


@contextmanager
def transaction(engine: Engine, *trades: TradeId) -> Iterator[Connection]:
    """Run the block in one transaction, committed at its end; it changes rows of these trades at most.

    Raises: StoreUnavailable, Conflict; as `CommitUnknown` where the commit's answer was lost.
    """
    with translated(), engine.connect() as connection:
        yield connection  # an exception in the block rolls back as the connection is given back
        with committing():
            connection.commit()
        changed = not connection.get_execution_options().get(UNCHANGED)
    _note(engine, changed, trades)


@contextmanager
def at_once(engine: Engine, *trades: TradeId) -> Iterator[Connection]:
    """Run the one statement of the block as a transaction of its own, in one round trip.

    It changes rows of these trades at most. Raises as `transaction` does: a statement whose answer was lost
    may have been committed.
    """
    with translated(), engine.connect() as connection:
        with _set(connection, autocommit=True), committing_at_once():
            yield connection
        changed = not connection.get_execution_options().get(UNCHANGED)
    _note(engine, changed, trades)


def _note(engine: Engine, changed: bool, trades: Sequence[TradeId]) -> None:
    note: Note | None = engine.get_execution_options().get(NOTE)
    if note is not None and changed:
        note(*trades)


def nothing_changed(connection: Connection) -> None:
    """Say that this transaction found nothing to change: its commit is not noted."""
    connection.execution_options(**{UNCHANGED: True})


@contextmanager
def asking(engine: Engine) -> Iterator[Connection]:
    """Run each statement of the block by itself, changing nothing: without the round trips of a transaction.

    Raises: StoreUnavailable.
    """
    with translated(), engine.connect() as connection, _set(connection, autocommit=True):
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Run the block on one consistent view of the database, changing nothing. Raises: StoreUnavailable."""
    view = {"isolation_level": "REPEATABLE READ", "readonly": True}
    with translated(), engine.connect() as connection, _set(connection, **view):
        yield connection


@contextmanager
def _set(connection: Connection, **session: Any) -> Iterator[None]:
    """Have the driver begin transactions so, and as a new connection does afterwards.

    Told through SQLAlchemy it would be left with the name of the default instead of the default, which the
    driver then sets at the server, in a round trip before and after each use.
    """
    driver: Any = connection.connection.dbapi_connection
    try:
        driver.set_session(**session)
    except connection.dialect.loaded_dbapi.Error as error:  # somebody has closed it
        connection.invalidate()
        raise TransactionInterrupted(str(error).strip()) from error
    try:
        yield
    finally:
        if not driver.closed:
            with suppress(connection.dialect.loaded_dbapi.Error):  # one that is broken is not given out again
                driver.rollback()
                driver.set_session(autocommit=False, isolation_level="DEFAULT", readonly="DEFAULT")
