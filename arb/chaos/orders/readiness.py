"""Which processes got through their start, by what they wrote to their logs since they were spawned.

On a busy machine a start takes many times as long as on an idle one. A process that is killed before it has
done anything, again and again, shows nothing about what a death does to its work.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

READY: Final = (b" ready.", b"beat: Starting", b"process_started")


class Spawned(NamedTuple):
    """A process that was started, be it ready or not."""

    program: str
    pid: int


@dataclass(slots=True)
class _Watched:
    pid: int
    offset: int  # of its program's log when it was first seen
    is_ready: bool = False


class Readiness:
    """Remembers, from look to look, where each process's part of the log begins."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._watched: dict[str, _Watched] = {}

    def at_work(self, spawned: Iterable[Spawned]) -> dict[str, int]:
        """Return the pids by program of those that are ready. Called often, or a start is missed."""
        return {each.program: each.pid for each in spawned if self._is_ready(each)}

    def _is_ready(self, process: Spawned) -> bool:
        log = self._logs / f"{process.program}.log"
        watched = self._watched.get(process.program)
        if watched is None:  # it was there before us: its whole log counts
            watched = self._watched[process.program] = _Watched(process.pid, 0)
        elif watched.pid != process.pid:
            watched = self._watched[process.program] = _Watched(process.pid, _size(log))
        if not watched.is_ready:
            watched.is_ready = any(word in _since(log, watched.offset) for word in READY)
        return watched.is_ready


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _since(log: Path, offset: int) -> bytes:
    """Return what was written after `offset`; all of it if the log was rotated."""
    if not log.exists():
        return b""
    with log.open("rb") as file:
        file.seek(offset if offset <= _size(log) else 0)
        return file.read()
