"""kombu's PGMQ transport on connections of ours: as safe as the stores', and given up as soon.

`pgmq` keeps five fields of an address and drops the rest, TLS too, and waits for an answer without end. So
it gets a pool whose connections are made from the whole address and have the stores' limits.

A pool that is still open while the interpreter ends waits 5 s for each of its threads, one after the other:
from Python 3.13 on they cannot end any more by then. kombu closes no pool of a connection that it lost.
"""

import atexit
import gc
from functools import cache
from typing import Any, Final

import psycopg
from kombu.transport import pgmq
from pgmq import PGMQueue
from psycopg.abc import RV, PQGen
from psycopg.conninfo import make_conninfo
from psycopg.errors import _WaitTimeout
from psycopg_pool import ConnectionPool
from sqlalchemy.exc import ArgumentError

from arb.adapters.postgres import patience
from arb.adapters.postgres.engine import address, limits
from arb.domain.errors import ConfigError

APPLICATION: Final = "arb-fallback"
THREAD_S_MAX: Final = 0.2
IDLE_S_MAX: Final = (
    30.0  # of a connection beyond the first: each costs the server 3 MB, and no outage lasts by bursts
)
INTERRUPT_S: Final = 0.1  # how soon Ctrl-C is seen, as psycopg has it


def conninfo(database_url: str) -> str:
    """Return a URL as libpq's text: what the stores connect with, and their limits. Raises: ConfigError."""
    url = address(database_url)
    try:
        _, parameters = url.get_dialect()().create_connect_args(url)
        return make_conninfo(**{**parameters, **limits(url, APPLICATION)})
    except (ArgumentError, psycopg.ProgrammingError) as error:
        raise ConfigError(f"ARB_DATABASE_URL: {str(error).strip()}") from None


@cache
def close_pools_at_exit() -> None:
    """Close every pool of this process before the interpreter ends."""
    atexit.register(close_pools)


def close_pools() -> None:
    """Close every pool of this process: those too whose connection kombu lost."""
    for found in gc.get_objects():
        if type(found) is ConnectionPool and not found.closed:  # isinstance wakes lazy proxies
            found.close(timeout=THREAD_S_MAX)


class _LimitedConnection(psycopg.Connection[Any]):
    """A connection whose server has to answer in time; else it is closed."""

    def wait(self, gen: PQGen[RV], interval: float = INTERRUPT_S, timeout: float | None = None) -> RV:
        """Wait for an answer. Raises: psycopg.OperationalError."""
        if timeout is not None:  # whoever says how long waits for what need not come: a notification
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, patience.ANSWER_MS_MAX / 1000)
        except _WaitTimeout:
            self._give_up()
            raise psycopg.OperationalError(
                f"the server did not answer within {patience.ANSWER_MS_MAX} ms"
            ) from None

    def _give_up(self) -> None:
        pool = getattr(self, "_pool", None)
        self.close()
        if isinstance(pool, ConnectionPool):
            pool.drain()  # its other connections go to the same server: each would cost as much again


class Client(PGMQueue):  # type: ignore[misc]  # pgmq ships no types that mypy may follow
    """pgmq's client, which closes the pool that it was given."""

    def close(self) -> None:
        """Close the pool; a thread of it that waits for a server that hangs is not waited for."""
        self.pool.close(THREAD_S_MAX)


class NotifyWaiter(pgmq._NotifyWaiter):  # type: ignore[misc]  # kombu ships no types
    """kombu's, on a connection with limits, and on a new one when that was closed."""

    _conn: _LimitedConnection | None

    def _ensure_conn(self) -> None:
        if self._conn is not None and not self._conn.closed:
            return
        connection = _LimitedConnection.connect(self._dsn, autocommit=True)
        try:
            for channel in self._channels:
                self._listen(connection, channel)
        except psycopg.Error:
            connection.close()
            raise
        self._conn = connection


class PgmqTransport(pgmq.Transport):  # type: ignore[misc]
    """`pgmq://`; the address is the option `conn_string`."""

    # A server that is read-only or lacks the queue took the message no more than one that is away.
    channel_errors = (*pgmq.Transport.channel_errors, psycopg.Error)
    _notify_waiter: NotifyWaiter | None

    def _create_pgmq_client(self) -> Client:
        close_pools_at_exit()
        options = self.client.transport_options
        pool = ConnectionPool(
            options["conn_string"],
            connection_class=_LimitedConnection,
            min_size=1,
            max_size=options["pool_size"],
            timeout=options["pool_timeout"],
            max_idle=IDLE_S_MAX,
            # An outage has no end to wait for: whoever needs a connection has it tried anew.
            reconnect_timeout=options["pool_timeout"],
            open=True,
        )
        return Client(pool=pool, conn_string="", init_extension=False)

    def _get_notify_waiter(self) -> NotifyWaiter:
        if self._notify_waiter is None:
            self._notify_waiter = NotifyWaiter(self.client.transport_options["conn_string"])
        return self._notify_waiter
