"""Python's collector in a process that runs for months."""

import gc


def settle() -> None:
    """Call what is there now permanent; for the moment when a process has started.

    A full collection waits until a quarter as many objects as there are have grown old. Of the 150,000 that
    imports leave behind that is a heap of garbage of many megabytes; of those that come later it is little.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # counts what is left, which is what the quarter is taken of
