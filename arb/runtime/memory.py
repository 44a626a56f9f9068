"""How much memory a supervised program takes."""

import psutil


def resident_bytes(pid: int | None) -> int | None:
    """Return the memory of a process and of all it started, shared pages shared out; None if it is gone."""
    if pid is None:
        return None
    try:
        top = psutil.Process(pid)
        return sum(_own_bytes(each) for each in (top, *top.children(recursive=True)))
    except psutil.Error:
        return None


def _own_bytes(process: psutil.Process) -> int:
    """Return the proportional set size where the system knows it: PostgreSQL shares most of its memory."""
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(full, "pss", 0) or full.rss)
