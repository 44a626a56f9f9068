"""Where alerts go: a row in SQL, and always a line in a file of its own; the same one not too often."""

import json
import threading
from pathlib import Path
from typing import Final

from arb.domain.alert import Alert
from arb.domain.errors import StoreError
from arb.domain.ids import SessionId
from arb.ports import AlertStore

QUIET_NS: Final = 300 * 1_000_000_000  # one alert of a kind and subject in this time


class RecordedAlerts:
    """Writes alerts to the store and to a file; what the store cannot take the file still has."""

    def __init__(self, store: AlertStore, session_id: SessionId | None, path: Path) -> None:
        self._store, self._session_id, self._path = store, session_id, path
        self._last_ns: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def raise_alert(self, alert: Alert) -> None:
        """Record one alert, unless an equal one was recorded a moment ago; never raises."""
        with self._lock:
            key = (alert.kind, alert.subject)
            if alert.at_ns - self._last_ns.get(key, -QUIET_NS) < QUIET_NS:
                return
            self._last_ns[key] = alert.at_ns
        stored = self._to_store(alert)
        self._to_file(alert, stored)

    def _to_store(self, alert: Alert) -> bool:
        try:
            self._store.add(self._session_id, alert)
        except StoreError:
            return False
        return True

    def _to_file(self, alert: Alert, stored: bool) -> None:
        line = json.dumps(
            {
                "at_ns": alert.at_ns,
                "severity": alert.severity,
                "kind": alert.kind,
                "subject": alert.subject,
                "message": alert.message,
                "stored": stored,
            }
        )
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError:
            return  # a full disk must not stop trading; the row in SQL has the alert
