"""How much memory a supervised program takes."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

BYTES_PER_KB: Final = 1_024


def resident_bytes(pid: int | None) -> int | None:
    """Return the memory of a process and of all it started, shared pages shared out; None if it is gone."""
    return _total(pid, _proportional)


def anonymous_bytes(pid: int | None) -> int | None:
    """Return the part that no file is behind, heaps and stacks, shared pages shared out.

    A leak shows in it. Programs in the page cache do not, and neither do PostgreSQL's shared buffers, whose
    size is fixed and which each of its processes touches for the first time at some moment.
    """
    return _total(pid, anonymous_of)


def _total(pid: int | None, part: Callable[[psutil.Process], int]) -> int | None:
    if pid is None:
        return None
    try:
        top = psutil.Process(pid)
        return sum(_one(each, part) for each in (top, *top.children(recursive=True)))
    except psutil.Error:
        return None


def _one(process: psutil.Process, part: Callable[[psutil.Process], int]) -> int:
    try:
        return part(process)
    except (psutil.Error, OSError):
        return 0  # it has just ended


def _proportional(process: psutil.Process) -> int:
    memory = process.memory_full_info()
    return int(getattr(memory, "pss", 0) or memory.rss)


def anonymous_of(process: psutil.Process) -> int:
    """Return the same of one process alone. Raises: psutil.Error, OSError."""
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss_Anon":
            return int(rest.split()[0]) * BYTES_PER_KB
    return int(process.memory_full_info().uss)  # a kernel before 5.4
