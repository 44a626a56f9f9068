"""Leaving without waiting for psycopg's threads.

A pool that is still open while the interpreter ends waits 5 s for each of its threads, one after the other:
from Python 3.13 on they cannot end any more by then. kombu closes no pool of a connection that it lost.
"""

import atexit
import gc
from typing import Final

from psycopg_pool import ConnectionPool

THREAD_S_MAX: Final = 0.2


def close_pools_at_exit() -> None:
    """Close every pool of this process before the interpreter ends."""
    atexit.register(close_pools)


def close_pools() -> None:
    """Close every pool that is open, whoever forgot it."""
    for found in gc.get_objects():
        if type(found) is ConnectionPool and not found.closed:  # isinstance would wake lazy proxies
            found.close(timeout=THREAD_S_MAX)
