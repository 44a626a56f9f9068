"""How much memory a supervised program takes."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

BYTES_PER_KB: Final = 1_024


def resident_bytes(pid: int | None) -> int | None:
    """Return the memory of a process and of all it started, shared pages shared out; None if it is gone."""
    found = _by_process(pid, _proportional)
    return sum(found.values()) if found else None


def anonymous_bytes(pid: int | None) -> dict[int, int]:
    """Return the part that no file is behind, heaps and stacks, of a process and of each that it started.

    A leak shows in it. Programs in the page cache do not, and neither do PostgreSQL's shared buffers, whose
    size is fixed and which each of its processes touches for the first time at some moment.
    """
    return _by_process(pid, anonymous_of)


def _by_process(pid: int | None, part: Callable[[psutil.Process], int]) -> dict[int, int]:
    if pid is None:
        return {}
    try:
        top = psutil.Process(pid)
        found = {each.pid: _one(each, part) for each in (top, *top.children(recursive=True))}
    except psutil.Error:
        return {}
    return {each: held for each, held in found.items() if held is not None}


def _one(process: psutil.Process, part: Callable[[psutil.Process], int]) -> int | None:
    try:
        return part(process)
    except (psutil.Error, OSError):
        return None  # it has just ended


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
