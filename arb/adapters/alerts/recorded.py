"""Where alerts go: always a line in a file; then the channels and a row in SQL; the same not too often."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from arb.adapters.alerts.delivery import AlertDelivery
from arb.adapters.alerts.limiter import AlertLimiter, MemoryLimiter
from arb.adapters.alerts.lines import AlertLines
from arb.domain.errors import StoreError
from arb.domain.health.alert import Alert, Severity
from arb.domain.health.alert_kinds import KINDS, AlertLog
from arb.domain.market.ids import SessionId
from arb.ports.messaging import AlertStore

QUIET_NS: Final = 300 * 1_000_000_000  # in which what tells nothing new is counted


def _as_it_is(text: str) -> str:
    """Return the text: for alerts that can hold no secret."""
    return text


def _to_log(alert: Alert) -> None:
    """Write a line; the watchdog writes its own about each change of a level."""
    where = KINDS[alert.kind].log
    if where is AlertLog.WATCHDOG:
        return
    log = structlog.get_logger(f"arb.{where}")
    write = log.info if alert.severity is Severity.INFO else log.warning
    write(
        "alert_raised",
        kind=alert.kind,
        subject=alert.subject,
        severity=alert.severity.value,
        message=alert.message,
        held_back=alert.held_back,
    )


class RecordedAlerts:
    """Writes an alert to the file at once, and hands it to the delivery, or else to the store."""

    def __init__(
        self,
        store: AlertStore,
        session_id: SessionId | None,
        path: Path,
        *,
        limiter: AlertLimiter | None = None,
        delivery: AlertDelivery | None = None,
        clean: Callable[[str], str] = _as_it_is,
    ) -> None:
        self._store, self._session_id, self._lines = store, session_id, AlertLines(path)
        self._limiter = limiter or MemoryLimiter(QUIET_NS)
        self._delivery, self._clean = delivery, clean

    def raise_alert(self, alert: Alert) -> None:
        """Record one alert, unless it says nothing new about its subject; never raises."""
        clean = self._cleaned(alert)
        held = self._limiter.admit(clean)
        if held is not None:
            self._tell(replace(clean, held_back=held))

    def repeat_alert(self, alert: Alert) -> None:
        """Record one whose process may have died on the way, unless it was recorded just now; never raises.

        The quiet time is no reason to keep it back: what began it may have reached nobody.
        """
        clean = self._cleaned(alert)
        if self._limiter.admit_again(clean):
            self._tell(clean)

    def flush(self) -> None:
        """Wait, not for long, until what was raised is delivered."""
        if self._delivery is not None:
            self._delivery.flush()

    def _cleaned(self, alert: Alert) -> Alert:
        return replace(alert, subject=self._clean(alert.subject), message=self._clean(alert.message))

    def _tell(self, alert: Alert) -> None:
        self._lines.append(alert)
        _to_log(alert)
        if self._delivery is not None:
            self._delivery.submit(alert)
        else:
            self._to_store(alert)

    def _to_store(self, alert: Alert) -> None:
        try:
            self._store.add(self._session_id, alert)
        except StoreError:
            return  # the file has it
