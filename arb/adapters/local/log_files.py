"""A log that several processes write: a file for each day, and a name that leads to the newest.

Each line is one append to the file of its own day, so that lines never mix, and nothing hangs on a file's
time, which may be a tick late, or on a clock that only goes ahead. `live_loop.log` is a link to
`live_loop.log.2026-11-20`; whoever writes the first line of another day turns it. A full disk loses lines,
and nothing else.
"""

import errno
import logging
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

DAY_S: Final = 86_400
Route = Callable[[str], str]  # the name of a logger -> the component whose file it is
FileId = tuple[int, int]


class SharedDailyFile:
    """One log, its files named by day."""

    def __init__(self, path: Path, keep_days: int) -> None:
        self._path, self._keep_days = path, keep_days
        self._handle: int | None = None
        self._day = 0
        self._file_id: FileId = (0, 0)
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
        """Return the file of a day, to which the plain name leads then."""
        if self._handle is not None and day == self._day and _id_of(self._path) == self._file_id:
            return self._handle
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._adopt()
        handle = os.open(self._of(day), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        opened = os.fstat(handle)
        self._handle, self._day, self._file_id = handle, day, (opened.st_dev, opened.st_ino)
        self._lead_to(self._of(day))
        self._remove_old(day)
        return handle

    def _of(self, day: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{_date(day)}")

    def _adopt(self) -> None:
        """Name a file that has the plain name, as earlier versions wrote it, by the day of its last line."""
        if found := _alone(self._path):
            with suppress(OSError):  # its day has a file: another process named it just now, or it stays
                os.link(self._path, self._of(int(found.st_mtime // DAY_S)))

    def _lead_to(self, file: Path) -> None:
        """Let the plain name lead to a file. It is for people: no line is lost where that cannot be."""
        if _alone(self._path):
            return
        new = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with suppress(OSError):
            new.unlink(missing_ok=True)
            new.symlink_to(file.name)
            new.replace(self._path)

    def _remove_old(self, day: int) -> None:
        oldest = self._of(day - self._keep_days).name
        for kept in self._path.parent.glob(f"{self._path.name}.????-??-??"):
            if kept.name < oldest:
                kept.unlink(missing_ok=True)


def _id_of(path: Path) -> FileId | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _alone(path: Path) -> os.stat_result | None:
    """Return the facts of a file that has no other name; None if there is none, or a link."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 else None


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
