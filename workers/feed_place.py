"""What a feed worker keeps and writes down about its place among the others."""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.health.assignment import Reassignment, WorkerHealth
from arb.domain.market.ids import Coin, Venue
from arb.domain.time import NS_PER_MS
from arb.engine.market.membership import Fenced
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink
from arb.stack.files import read_json, write_json

log = structlog.get_logger("arb.feeds")


def worker_name(arguments: Sequence[str]) -> str:
    """Return the slot that this process fills: the one it is told, else that of its machine."""
    return arguments[0] if arguments else f"feed@{socket.gethostname()}"


def slot(worker: str) -> str:
    """Return a worker's name as a part of a file's."""
    return worker.replace(os.sep, "_").replace("-", "_")


@dataclass(frozen=True, slots=True)
class FileLastAssignment:
    """What a worker fed last, so that it goes on with it where it starts while Redis is away."""

    path: Path

    def load(self) -> Fenced:
        """Return the coins and fences that were saved last, none if the file cannot be read."""
        try:
            return {Coin(coin): int(fence) for coin, fence in read_json(self.path).items()}
        except (OSError, TypeError, ValueError):
            return {}

    def save(self, fences: Fenced) -> None:
        """Write it; without it a worker waits for Redis."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self.path, {str(coin): fence for coin, fence in fences.items()})
        except OSError as error:
            log.warning("keepsake_not_written", path=str(self.path), error=error.strerror)


@dataclass(frozen=True, slots=True)
class AlertingAssignmentLog:
    """Writes a line for each move, each change of a worker and each change of what this one feeds.

    A worker that dies, and one that is back after that, is an alert too.
    """

    worker: str
    alerts: AlertSink
    clock: Clock

    def moved(self, moves: Sequence[Reassignment]) -> None:
        """Log each coin that got another owner."""
        for move in moves:
            log.info(
                "coin_moved",
                coin=move.coin,
                before=move.before,
                after=move.after,
                fence=move.fence,
                reason=move.reason,
            )

    def changed(self, worker: str, before: WorkerHealth, after: WorkerHealth) -> None:
        """Log that a worker's health changed; alert when it died or came back."""
        log.info("feed_worker_changed", worker=worker, before=before.value, after=after.value)
        if after is WorkerHealth.DEAD:
            self._alarm(Severity.WARNING, worker, "no sign of life; its coins go to others")
        elif before is WorkerHealth.DEAD:
            self._alarm(Severity.INFO, worker, "recovered: it gives signs of life again")

    def rejected(self, venue: Venue, coin: Coin, why: str) -> None:
        """Log and alert that a venue rejected a coin."""
        log.warning("coin_refused", venue=venue.value, coin=coin, why=why)
        message = f"{coin}: {why}; left out until {venue} takes it, other coins go on"
        self._alarm(Severity.WARNING, f"{venue} {coin}", message, AlertKind.COIN_UNQUOTED)

    def late(self, venue: Venue, lag_ns: int) -> None:
        """Log and alert that a venue's frames come late."""
        lag_ms = lag_ns // NS_PER_MS
        log.warning("quotes_late", venue=venue.value, lag_ms=lag_ms)
        message = f"frames come {lag_ms:,} ms late, or without a stamp: quotes are not believed"
        self._alarm(Severity.WARNING, venue, message, AlertKind.QUOTES_LATE)

    def in_time(self, venue: Venue) -> None:
        """Log and alert that a venue's frames come in time again."""
        log.info("quotes_in_time", venue=venue.value)
        self._alarm(Severity.INFO, venue, "recovered: frames come in time", AlertKind.QUOTES_LATE)

    def _alarm(
        self,
        severity: Severity,
        subject: str,
        message: str,
        kind: AlertKind = AlertKind.FEED_WORKER_DEAD,
    ) -> None:
        at_ns = self.clock.now_ns()
        self.alerts.raise_alert(
            Alert(kind=kind, subject=subject, severity=severity, message=message, at_ns=at_ns)
        )

    def holds(self, fences: Mapping[Coin, int]) -> None:
        """Log which coins this worker feeds now."""
        log.info("coins_held", worker=self.worker, coins=",".join(sorted(fences)))
