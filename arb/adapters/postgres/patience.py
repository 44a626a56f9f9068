"""How long we wait for PostgreSQL: a server that hangs with its sockets open must not hang us too.

The server's own `statement_timeout` cannot help where the server itself is stopped, and neither can TCP
on a unix socket. So psycopg2 waits through `wait`, which gives a connection up when nothing came for too
long. The hook is the driver's, one for the process; only a `LimitedConnection` limits answers.
The fallback broker's driver has the same limit (`arb.adapters.broker.pgmq_transport`).
"""

import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg2
from psycopg2 import extensions

CONNECT_MS_MAX: Final = 5_000
ANSWER_MS_MAX: Final = 12_000  # a little more than the server's own statement_timeout
# What psycopg2 calls a connection that is not made yet: before it begins, while libpq greets, and while it
# asks for the server's settings. The last two have no name in Python (psycopg/connection.h).
CONNECTING: Final = frozenset({extensions.STATUS_SETUP, 20, 21})
EVENTS: Final = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}


class _Sent(threading.local):
    """What this thread wants to be called once its next statement is on its way."""

    call: Callable[[], object] | None = None


_sent = _Sent()


class LimitedConnection(extensions.connection):
    """A connection whose server has to answer in time."""


def install() -> None:
    """Wait with limits from now on, in this process."""
    extensions.set_wait_callback(wait)


@contextmanager
def once_sent(call: Callable[[], object]) -> Iterator[None]:
    """Have something be begun while the server works on the one statement of the block.

    What is called returns at once and never raises.
    """
    _sent.call = call
    try:
        yield
    finally:
        _sent.call = None


def wait(connection: Any) -> None:
    """Wait for an answer. Whatever is raised here, psycopg2 closes the connection itself."""
    while (state := connection.poll()) != extensions.POLL_OK:
        if _sent.call is not None and state == extensions.POLL_READ:
            call, _sent.call = _sent.call, None
            call()
        limit_ms = _limit_ms(connection)
        poller = select.poll()
        poller.register(connection.fileno(), EVENTS[state])
        if not poller.poll(limit_ms):
            # SQLAlchemy reads these words as a lost connection.
            raise psycopg2.OperationalError(
                f"connection not open: the server did not answer within {limit_ms} ms"
            )


def _limit_ms(connection: Any) -> int | None:
    if connection.status in CONNECTING:
        return CONNECT_MS_MAX
    return ANSWER_MS_MAX if isinstance(connection, LimitedConnection) else None
