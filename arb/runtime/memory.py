"""How much memory a supervised program takes."""

from collections.abc import Callable
from typing import Any

import psutil


def resident_bytes(pid: int | None) -> int | None:
    """Return the memory of a process and of all it started, shared pages shared out; None if it is gone."""
    return _total(pid, lambda memory: getattr(memory, "pss", 0) or memory.rss)


def private_bytes(pid: int | None) -> int | None:
    """Return the part that nobody else shares: a leak shows in it, and PostgreSQL's buffers do not."""
    return _total(pid, lambda memory: memory.uss)


def _total(pid: int | None, part: Callable[[Any], int]) -> int | None:
    if pid is None:
        return None
    try:
        top = psutil.Process(pid)
        return sum(_one(each, part) for each in (top, *top.children(recursive=True)))
    except psutil.Error:
        return None


def _one(process: psutil.Process, part: Callable[[Any], int]) -> int:
    try:
        return int(part(process.memory_full_info()))
    except psutil.Error:
        return 0
