"""A process that takes too much: `python -m arb.chaos.ops.hog cpu` or `... memory MB`.

It carries the stack's mark, so that the watchdog counts it as one of the stack's own.
"""

import os
import sys
from contextlib import suppress

BYTES_PER_MB = 1024 * 1024


def main() -> None:
    """Hog until killed."""
    kind = sys.argv[1]
    if kind == "memory":
        block = bytearray(int(sys.argv[2]) * BYTES_PER_MB)
        block[::4096] = b"x" * len(block[::4096])
        sys.stdin.read()
    with suppress(PermissionError, AttributeError):  # so that it gets its core on a busy machine too
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    while True:
        pass


if __name__ == "__main__":
    main()
