"""The one place where what PostgreSQL's driver raises becomes what the engine understands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg2.errors
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from arb.domain.errors import ConfigError, Conflict, InvariantError, StoreUnavailable

# deadlock, statement time-out, lock time-out, too many clients: rolled back by the server
RETRIABLE_CODES: Final = frozenset({"40P01", "57014", "55P03", "53300"})
SHUTTING_DOWN: Final = "57P"  # may come right after a commit
SCHEMA_CODES: Final = frozenset({"42P01", "42703"})  # undefined table, undefined column
OTHER_SCHEMA: Final = (
    "the database has the schema of another version of arb, which the stack that runs was started by: "
    "`arb down` and `arb up` bring it up to date"
)
RETRIABLE_WORDS: Final = (
    "timeout expired",
    "timed out",
    "broken pipe",
    "connection reset",
    "closed the connection unexpectedly",
    "too many clients",
)


class TransactionInterrupted(StoreUnavailable):
    """Nothing was committed, and another attempt in a moment may well succeed."""


class CommitUnknown(StoreUnavailable):
    """The commit was sent and its answer was lost: only what is harmless twice may be done again."""


class OtherSchema(ConfigError):
    """A table or a column is missing that this version knows."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the driver raises into what the engine understands."""
    try:
        yield
    except IntegrityError as error:
        raise _integrity(error) from error
    except PoolTimeout as error:  # it has waited already
        raise StoreUnavailable(_first_line(error)) from error
    except (OperationalError, InterfaceError) as error:
        raise _unavailable(error) from error
    except ProgrammingError as error:
        if getattr(error.orig, "pgcode", None) in SCHEMA_CODES:
            raise OtherSchema(OTHER_SCHEMA) from error
        raise
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _unavailable(error) from error
        raise


@contextmanager
def committing() -> Iterator[None]:
    """The same around a commit: what fails here may have happened."""
    try:
        with translated():
            yield
    except StoreUnavailable as error:
        raise CommitUnknown(*error.args) from error


@contextmanager
def committing_at_once() -> Iterator[None]:
    """The same around a statement that commits itself, unless the server says that it failed."""
    try:
        with translated():
            yield
    except StoreUnavailable as error:
        code = getattr(getattr(error.__cause__, "orig", None), "pgcode", None) or SHUTTING_DOWN
        if code.startswith(SHUTTING_DOWN):
            raise CommitUnknown(*error.args) from error
        raise


def _unavailable(error: DBAPIError) -> StoreUnavailable:
    text = _first_line(error)
    code = getattr(error.orig, "pgcode", None)
    if code in RETRIABLE_CODES or any(words in text.lower() for words in RETRIABLE_WORDS):
        return TransactionInterrupted(text)
    return StoreUnavailable(text)


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
