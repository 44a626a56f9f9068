"""Delivers alerts in a thread of its own: the first channel that takes one, then a row that says which.

Trading never waits for it: what comes while a thousand wait is left to the file, which has it already. In
between it tells, in the file too, what was held back in quiet times that are over.
"""

import atexit
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import orjson
import structlog

from arb.adapters.alerts.channels import Channel, document_of
from arb.domain.errors import StoreError
from arb.domain.health.alert import Alert
from arb.ports.market import Clock
from arb.ports.messaging import Counters

WAITING_MAX: Final = 1_000
LOOK_S: Final = 1.0
FLUSH_MS: Final = 10_000  # at the end of the process
log = structlog.get_logger("arb.alerts")


class Delivery:
    """A queue and its thread, started with the first alert."""

    def __init__(
        self,
        channels: Sequence[Channel],
        path: Path,
        store: Callable[[Alert], None],
        overdue: Callable[[int], Sequence[Alert]],
        counters: Counters,
        clock: Clock,
    ) -> None:
        self._channels, self._path, self._store, self._overdue = tuple(channels), path, store, overdue
        self._counters, self._clock = counters, clock
        self._waiting: queue.Queue[Alert] = queue.Queue(WAITING_MAX)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, alert: Alert) -> None:
        """Have one alert delivered soon; never blocks."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
                self._thread.start()
                atexit.register(self.flush)
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            self._counters.count("alerts", "not_delivered_queue_full")

    def flush(self, limit_ms: int = FLUSH_MS) -> bool:
        """Wait until all are delivered; False if that took too long."""
        until_ns = self._clock.steady_ns() + limit_ms * 1_000_000
        while self._waiting.unfinished_tasks:
            if self._clock.steady_ns() > until_ns:
                return False
            self._clock.sleep_ms(20)
        return True

    def _run(self) -> None:
        while True:
            try:
                alert = self._waiting.get(timeout=LOOK_S)
            except queue.Empty:
                for summary in self._overdue(self._clock.now_ns()):
                    append(self._path, summary)
                    self.deliver(summary)
                continue
            try:
                self.deliver(alert)
            finally:
                self._waiting.task_done()

    def deliver(self, alert: Alert) -> str:
        """Deliver one alert now and store it; return the channel that took it, none if only the file has."""
        taken_by = next((channel.name for channel in self._channels if self._took(channel, alert)), "")
        try:
            self._store(replace(alert, delivered_by=taken_by))
        except StoreError:
            self._counters.count("alerts", "not_stored")
            log.warning("alert_not_stored", kind=alert.kind, subject=alert.subject)
        return taken_by

    def _took(self, channel: Channel, alert: Alert) -> bool:
        reason = channel.send(alert)
        self._counters.count("alerts", f"{channel.name}_{'failed' if reason else 'sent'}")
        if reason:
            log.warning("alert_undelivered", channel=channel.name, reason=reason, kind=alert.kind)
        return not reason


def append(path: Path, alert: Alert) -> None:
    """Write one alert to the file that always gets them, as a line of JSON, at once. Never raises."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(orjson.dumps(document_of(alert)).decode() + "\n")
    except OSError:
        return  # a full disk must not stop trading; the channels and the row have the alert
