"""The file that always gets every alert, as a line of JSON: written by a thread of its own.

Whoever raises an alert waits until its line is there, unless the disk hangs: then the line comes when the
disk does, and the channels are not kept waiting for it.
"""

import queue
import threading
from pathlib import Path
from typing import Final

import orjson

from arb.adapters.alerts.channels import document_of
from arb.domain.health.alert import Alert

WAIT_S_MAX: Final = 1.0
WAITING_MAX: Final = 1_000
IDLE_S: Final = 1.0


class AlertLines:
    """One file, its queue, and a thread for as long as there is something to write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: queue.Queue[tuple[Alert, threading.Event]] = queue.Queue(WAITING_MAX)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._hangs = False

    def append(self, alert: Alert) -> None:
        """Write one alert; waits for a moment at most, not at all while the disk hangs. Never raises."""
        written = threading.Event()
        with self._lock:
            try:
                self._waiting.put_nowait((alert, written))
            except queue.Full:
                return  # the disk has hung for long; the channels and the row have the alert
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="alert-lines", daemon=True)
                self._thread.start()
        self._hangs = not written.wait(0 if self._hangs else WAIT_S_MAX)

    def _run(self) -> None:
        while (found := self._next()) is not None:
            alert, written = found
            append(self._path, alert)
            self._hangs = False
            written.set()

    def _next(self) -> tuple[Alert, threading.Event] | None:
        """Return what is to be written next; None ends this thread, the next alert starts another."""
        try:
            return self._waiting.get(timeout=IDLE_S)
        except queue.Empty:
            pass
        with self._lock:
            if not self._waiting.empty():
                return self._waiting.get_nowait()
            self._thread = None
            return None


def append(path: Path, alert: Alert) -> None:
    """Append one alert to the file, as a line of JSON. Never raises."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(orjson.dumps(document_of(alert)).decode() + "\n")
    except OSError:
        return  # a full disk must not stop trading; the channels and the row have the alert
