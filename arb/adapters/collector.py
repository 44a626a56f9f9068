"""Python's collector in a process that runs for months."""

import gc
from typing import Final

BEATS_PER_COLLECTION: Final = 60


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
    waits for long. With all that is permanent left out a collection takes milliseconds.
    """
    if beat == 0:
        settle()
    elif beat % BEATS_PER_COLLECTION == 0:
        gc.collect()
