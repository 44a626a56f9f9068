"""The kill switch as a file: it works while PostgreSQL, Redis and the broker are away.

Whoever sends orders asks before each one, so asking is one `stat`. A file that cannot be read counts as
engaged: what cannot be known never justifies sending an order.
"""

import errno
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
UNREADABLE: Final = "the kill switch cannot be read"


class FileKillSwitch:
    """Engaged while its file exists."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def engaged(self) -> str | None:
        """Return why everything is stopped, or None."""
        try:
            os.stat(self._path)
        except FileNotFoundError:
            return None
        except OSError as error:
            return f"{UNREADABLE}: {error.strerror}"
        return self._reason()

    def engaged_at_ns(self) -> int | None:
        """Return when it was pulled; None if it is not, or that cannot be read."""
        try:
            return int(json.loads(self._path.read_text(encoding="utf-8"))["at_ns"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def engage(self, reason: str, now_ns: int) -> str:
        """Write the file, whole and on the disk before this returns. Raises: OSError.

        On a full disk an empty one does: what cannot be read counts as engaged.
        """
        if (known := self.engaged()) is not None:
            return known
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._write(reason, now_ns)
        except OSError as error:
            if error.errno not in FULL:
                raise
            self._path.touch(mode=0o600)
        _sync(self._path.parent)
        return reason

    def _write(self, reason: str, now_ns: int) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump({"reason": reason, "at_ns": now_ns}, stream)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, self._path)
        except OSError:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            raise

    def release(self) -> None:
        """Remove the file. Raises: OSError."""
        self._path.unlink(missing_ok=True)
        _sync(self._path.parent)

    def _reason(self) -> str | None:
        try:
            return str(json.loads(self._path.read_text(encoding="utf-8"))["reason"])
        except FileNotFoundError:
            return None  # released between the two looks
        except (OSError, ValueError, KeyError, TypeError):
            return UNREADABLE


class MemoryKillSwitch:
    """The twin for tests and replays."""

    def __init__(self) -> None:
        self._reason: str | None = None
        self._at_ns: int | None = None

    def engaged(self) -> str | None:
        """Return why everything is stopped, or None."""
        return self._reason

    def engaged_at_ns(self) -> int | None:
        """Return when it was pulled, or None if it is not."""
        return self._at_ns

    def engage(self, reason: str, now_ns: int) -> str:
        """Stop everything; the first reason stays."""
        if self._reason is None:
            self._reason, self._at_ns = reason, now_ns
        return self._reason

    def release(self) -> None:
        """Release the switch: orders may be sent again."""
        self._reason = self._at_ns = None


def _sync(directory: Path) -> None:
    """Put a directory's entries on the disk."""
    if not directory.exists():
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
