"""Delivers alerts in a thread of its own: the first channel that takes one; another writes the rows.

Trading never waits for it, and no channel waits for the database: what comes while a thousand wait is left
to the file, which has it already. In between it tells, in the file too, what was held back in quiet times
that are over.
"""

import atexit
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from arb.adapters.alerts.channels import AlertChannel, notice_of
from arb.adapters.alerts.lines import AlertLines
from arb.domain.errors import StoreError
from arb.domain.health.alert import Alert
from arb.ports.market import Clock
from arb.ports.messaging import Counters

WAITING_MAX: Final = 1_000
LOOK_S: Final = 1.0
FLUSH_MS: Final = 10_000  # at the end of the process
log = structlog.get_logger("arb.alerts")


class AlertDelivery:
    """A queue for the channels and one for the rows, each with its thread, started with the first alert."""

    def __init__(
        self,
        channels: Sequence[AlertChannel],
        path: Path,
        store: Callable[[Alert], None],
        overdue: Callable[[int], Sequence[Alert]],
        counters: Counters,
        clock: Clock,
        sender: str = "arb",
    ) -> None:
        self._sender = sender
        self._channels, self._store, self._overdue = tuple(channels), store, overdue
        self._lines = AlertLines(path)
        self._counters, self._clock = counters, clock
        self._waiting: queue.Queue[Alert] = queue.Queue(WAITING_MAX)
        self._rows: queue.Queue[Alert] = queue.Queue(WAITING_MAX)
        self._lock = threading.Lock()
        self._threads: tuple[threading.Thread, ...] = ()

    def submit(self, alert: Alert) -> None:
        """Have one alert delivered soon; never blocks."""
        with self._lock:
            if not self._threads or not all(thread.is_alive() for thread in self._threads):
                self._threads = (
                    threading.Thread(target=self._run, name="alerts", daemon=True),
                    threading.Thread(target=self._store_rows, name="alert-rows", daemon=True),
                )
                for thread in self._threads:
                    thread.start()
                atexit.register(self.flush)
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            self._counters.count("alerts", "not_delivered_queue_full")

    def flush(self, limit_ms: int = FLUSH_MS) -> bool:
        """Wait until all are delivered; False if that took too long."""
        until_ns = self._clock.steady_ns() + limit_ms * 1_000_000
        while self._waiting.unfinished_tasks or self._rows.unfinished_tasks:
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
                    self._lines.append(summary)
                    self._deliver(summary)
                continue
            try:
                self._deliver(alert)
            finally:
                self._waiting.task_done()

    def _deliver(self, alert: Alert) -> None:
        """Deliver one alert now, and have it stored with the channel that took it, if any did."""
        taken_by = next((channel.name for channel in self._channels if self._took(channel, alert)), "")
        try:
            self._rows.put_nowait(replace(alert, delivered_by=taken_by))
        except queue.Full:
            self._not_stored(alert)

    def _store_rows(self) -> None:
        while True:
            alert = self._rows.get()
            try:
                self._store(alert)
            except StoreError:
                self._not_stored(alert)
            finally:
                self._rows.task_done()

    def _not_stored(self, alert: Alert) -> None:
        self._counters.count("alerts", "not_stored")
        log.warning("alert_not_stored", kind=alert.kind, subject=alert.subject)

    def _took(self, channel: AlertChannel, alert: Alert) -> bool:
        reason = channel.send(notice_of(alert, self._sender))
        self._counters.count("alerts", f"{channel.name}_{'failed' if reason else 'sent'}")
        if reason:
            log.warning("alert_undelivered", channel=channel.name, reason=reason, kind=alert.kind)
        return not reason
