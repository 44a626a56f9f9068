"""Python's collector, and the C library's heap below it, in a process that runs for months."""

import ctypes
import gc
from collections.abc import Callable
from typing import Final

BEATS_PER_COLLECTION: Final = 60


def _trimmer() -> Callable[[int], object]:
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):  # not glibc: whatever it has gives back by its own rules
        return lambda _padding: None
    return trim


_trim = _trimmer()


def give_back() -> None:
    """Give the system the pages that hold nothing any more; glibc keeps those below its highest block."""
    _trim(0)


def settle() -> None:
    """Call what is there now permanent; for the moment when a process has started.

    A full collection waits until a quarter as many objects as there are have grown old. Of the 150,000 that
    imports leave behind that is a heap of garbage of many megabytes; of those that come later it is little.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # counts what is left, which is what the quarter is taken of


def tidy(beat: int) -> None:
    """Keep the heap tidy; called with every heartbeat, numbered from 0.

    A process that makes as much as it drops hardly ever collects by itself, and what has grown old in it
    waits for long. With all that is permanent left out a collection takes milliseconds. What a burst left
    behind goes back to the system then.
    """
    if beat == 0:
        settle()
    elif beat % BEATS_PER_COLLECTION == 0:
        gc.collect()
        give_back()
