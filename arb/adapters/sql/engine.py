"""Connections to PostgreSQL, and the one place where its failures become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg2.errors
from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from arb.domain.errors import Conflict, InvariantError, StoreUnavailable

CONNECT_TIMEOUT_S: Final = 5
STATEMENT_TIMEOUT_MS: Final = 10_000
LOCK_TIMEOUT_MS: Final = 5_000
IDLE_TRANSACTION_TIMEOUT_MS: Final = 15_000  # a worker that hangs inside a transaction loses its locks


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """How many connections one process keeps and for how long."""

    size: int = 5
    overflow_max: int = 5
    recycle_s: int = 1_800
    timeout_s: int = 5


def make_engine(database_url: str, pool: Pool | None = None, application_name: str = "arb") -> Engine:
    """Return an engine; nothing is connected yet. Make it after a fork, never before."""
    pool = pool or Pool()
    return create_engine(
        make_url(database_url).set(drivername="postgresql+psycopg2"),
        pool_size=pool.size,
        max_overflow=pool.overflow_max,
        pool_recycle=pool.recycle_s,
        pool_timeout=pool.timeout_s,
        pool_pre_ping=True,
        pool_use_lifo=True,
        connect_args={
            "application_name": application_name,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": STATEMENT_TIMEOUT_MS,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} "
            f"-c idle_in_transaction_session_timeout={IDLE_TRANSACTION_TIMEOUT_MS}",
        },
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Run the block in one transaction, committed at its end.

    Raises: StoreUnavailable (also where the commit's answer was lost: read again), Conflict.
    """
    with translated(), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Run the block on one consistent view of the database, changing nothing. Raises: StoreUnavailable."""
    with translated(), engine.connect() as connection:
        yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the driver raises into what the engine understands."""
    try:
        yield
    except IntegrityError as error:
        raise _integrity(error) from error
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise StoreUnavailable(_first_line(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable(_first_line(error)) from error
        raise


def _integrity(error: IntegrityError) -> Conflict | InvariantError:
    """Return Conflict where somebody wrote the same key first, else a bug of ours."""
    if not isinstance(error.orig, psycopg2.errors.UniqueViolation):
        return InvariantError(_first_line(error))
    if error.orig.diag.constraint_name == "fills_pkey":
        return InvariantError(f"a fill is booked under another order: {error.orig.diag.message_detail}")
    return Conflict(_first_line(error))


def _first_line(error: Exception) -> str:
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__
