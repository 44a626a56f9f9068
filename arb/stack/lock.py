"""One command at a time starts or stops the stack of a home.

The kernel drops the lock with its holder, so that a kill -9 leaves none behind.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from arb.stack.errors import StackBusy
from arb.stack.home import Home


@contextmanager
def exclusive(home: Home) -> Iterator[None]:
    """Hold the home's lock. Raises: StackBusy at once if another command has it."""
    with home.lock_file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackBusy(home.path) from error
        yield
