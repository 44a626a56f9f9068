"""A log file that several processes write and any of them rotates, once a day.

Each line is one append, so that lines never mix. Whoever writes the first line of a new day renames the
file, under a lock; the others see that the name leads elsewhere and follow. A full disk loses lines, and
nothing else.
"""

import errno
import fcntl
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

DAY_S: Final = 86_400
Route = Callable[[str], str]  # the name of a logger -> the component whose file it is


class SharedDailyFile:
    """One log file and its predecessors, named by day."""

    def __init__(self, path: Path, keep_days: int) -> None:
        self._path, self._keep_days = path, keep_days
        self._handle: int | None = None
        self._file_id: tuple[int, int] = (0, 0)
        self._torn = False

    def append(self, line: str, at_s: float) -> None:
        """Write one line that was made at this time. Raises: OSError; the next line is whole again."""
        handle = self._open(int(at_s // DAY_S))
        text = b"\n" * self._torn + line.encode(errors="replace") + b"\n"
        written = os.write(handle, text)
        self._torn = 0 < written < len(text)
        if written < len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        """Let go of the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self, day: int) -> int:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            found = None
        if found is not None and found.st_size and int(found.st_mtime // DAY_S) < day:
            self._rotate(day)
            found = None
        if self._handle is None or found is None or (found.st_dev, found.st_ino) != self._file_id:
            self.close()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            opened = os.fstat(self._handle)
            self._file_id = opened.st_dev, opened.st_ino
        return self._handle

    def _rotate(self, day: int) -> None:
        with self._path.with_name(f".{self._path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                found = self._path.stat()
            except FileNotFoundError:
                return
            old_day = int(found.st_mtime // DAY_S)
            if old_day >= day:
                return  # another process did it
            self._path.rename(self._path.with_name(f"{self._path.name}.{_date(old_day)}"))
            self._remove_old(day)

    def _remove_old(self, day: int) -> None:
        oldest = f"{self._path.name}.{_date(day - self._keep_days)}"
        for kept in self._path.parent.glob(f"{self._path.name}.????-??-??"):
            if kept.name < oldest:
                kept.unlink(missing_ok=True)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()


class ComponentFiles(logging.Handler):
    """Writes each record to the file of its component, `<component>.log` in a folder."""

    def __init__(self, folder: Path, route: Route, keep_days: int) -> None:
        super().__init__()
        self._folder, self._route, self._keep_days = folder, route, keep_days
        self._files: dict[str, SharedDailyFile] = {}
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a file that cannot be written loses it."""
        component = self._route(record.name)
        if component not in self._files:
            path = self._folder / f"{component}.log"
            self._files[component] = SharedDailyFile(path, self._keep_days)
        try:
            self._files[component].append(self.format(record), record.created)
        except OSError:
            self.lost += 1

    def close(self) -> None:
        """Close every file."""
        for file in self._files.values():
            file.close()
        super().close()
