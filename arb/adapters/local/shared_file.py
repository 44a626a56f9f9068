"""A small JSON document that the processes of one machine share, when no server may be needed for it.

The file has a fixed size and is overwritten in place, so that a full disk cannot take it away; a torn or
absent one reads as empty. Writers take turns by `flock`; one that was stopped while it held the lock is
waited for only briefly, then passed: the worst is an alert too many.
"""

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from arb.ports.market import Clock

SIZE_BYTES: Final = 64 * 1024
PATIENCE_MS: Final = 500
PAUSE_MS: Final = 5
Result = TypeVar("Result")
Document = dict[str, Any]


class SharedFile:
    """One document; where its file cannot be used, this process's own copy serves."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._own: Document = {}
        self._lock = threading.Lock()

    def read(self) -> Document:
        """Return the document. Never raises."""
        try:
            content = self._path.read_bytes()
        except OSError:
            content = b""
        return _parse(content) if content else dict(self._own)  # empty: it was made on a full disk

    def update(self, change: Callable[[Document], Result]) -> Result:
        """Change the document in place and return what `change` returns. Never raises for the file."""
        with self._lock:
            try:
                return self._change_file(change)
            except OSError:
                return change(self._own)

    def _change_file(self, change: Callable[[Document], Result]) -> Result:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with self._locked(handle):
                document = _parse(os.pread(handle, SIZE_BYTES, 0))
                result = change(document)
                text = json.dumps(document).encode()
                if len(text) <= SIZE_BYTES:
                    os.pwrite(handle, text.ljust(SIZE_BYTES), 0)
                self._own = document
                return result
        finally:
            os.close(handle)

    @contextmanager
    def _locked(self, handle: int) -> Iterator[None]:
        until_ns = self._clock.steady_ns() + PATIENCE_MS * 1_000_000
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if self._clock.steady_ns() >= until_ns:
                    break
                self._clock.sleep_ms(PAUSE_MS)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def _parse(content: bytes) -> Document:
    try:
        document = json.loads(content or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
