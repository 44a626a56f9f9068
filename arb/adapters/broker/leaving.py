"""Leaving without waiting for psycopg's threads.

A pool that is still open while the interpreter ends waits 5 s for each of its threads, one after the other:
from Python 3.13 on they cannot end any more by then. kombu closes no pool of a connection that it lost.
"""

import atexit
import gc
import sys
from typing import Final

THREAD_S_MAX: Final = 0.2


def close_pools_at_exit() -> None:
    """Close every pool of this process before the interpreter ends."""
    atexit.register(close_pools)


def close_pools() -> None:
    """Close every pool that is open, whoever forgot it; psycopg is not imported for it."""
    psycopg_pool = sys.modules.get("psycopg_pool")
    if psycopg_pool is None:
        return
    for found in gc.get_objects():
        if type(found) is psycopg_pool.ConnectionPool and not found.closed:  # isinstance wakes lazy proxies
            found.close(timeout=THREAD_S_MAX)
