"""Do less while the machine is short of something, say so, and open nothing while the disk is almost full.

Whoever sweeps (`arb.engine.health.watch`) decides, from what it measured anyway; everybody else reads the
board.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.health.degradation import Degradation, DegradationRules, Degree, step
from arb.domain.health.judge import Reading
from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters
from arb.ports.trading import Session, SessionStore

DISK: Final = "disk_free_mb"
LEFT_OUT: Final = {
    Degree.FULL: "everything is done again",
    Degree.LEAN: "no history and charts",
    Degree.NEAR: "no history and charts; coins far from the threshold are looked at once a second",
    Degree.SHALLOW: "no history and charts; far coins once a second; shallow books",
}


class DegradationBoard(Protocol):
    """Where the degree is kept for all processes. Never raises."""

    def read(self) -> Degradation:
        """Return what was written last, by whichever process; a board that nobody writes is FULL."""

    def write(self, found: Degradation) -> None:
        """Publish the degree for every process."""


class _Machine(Protocol):
    """What the whole machine shows."""

    def pressure(self) -> Sequence[Reading]:
        """Return memory that is free for use, and the load."""


class DegradationLog(Protocol):
    """Where changes of the degree are logged."""

    def degree_changed(self, before: Degradation, after: Degradation) -> None:
        """Log that the degree changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Degrade:
    """The use case that each sweep ends with."""

    session_id: SessionId
    rules: DegradationRules
    disk_mb_min: Decimal  # below this no trade is opened
    board: DegradationBoard
    machine: _Machine
    sessions: SessionStore
    alerts: AlertSink
    counters: Counters
    journal: DegradationLog
    clock: Clock

    def run(self, measured: Iterable[Reading]) -> Degradation:
        """Decide the degree by the present readings, publish it, and log a change."""
        readings = [*_lag(measured), *self.machine.pressure()]
        before, now_ns = self.board.read(), self.clock.now_ns()
        after = step(before, self.rules, readings, now_ns)
        self.board.write(after)
        if after.degree is not before.degree:
            self._tell(before, after, now_ns)
        return after

    def _tell(self, before: Degradation, after: Degradation, now_ns: int) -> None:
        self.counters.count(AlertKind.DEGRADATION, after.degree.name.lower())
        self.journal.degree_changed(before, after)
        self.alerts.raise_alert(
            Alert(
                kind=AlertKind.DEGRADATION,
                subject=after.degree.name.lower(),
                severity=Severity.WARNING if after.degree > before.degree else Severity.INFO,
                message=f"{LEFT_OUT[after.degree]} ({after.why or 'recovered'})",
                at_ns=now_ns,
            )
        )

    def watch_disks(self, measured: Iterable[Reading]) -> None:
        """Open nothing new while there is hardly room to write it down; go on when there is.

        Raises: StoreUnavailable; where SQL takes nothing, nothing is opened either.
        """
        free_mb = [reading.value for reading in measured if reading.rule == DISK]
        session = self.sessions.get(self.session_id) if free_mb else None
        if session is None:
            return
        if min(free_mb) < self.disk_mb_min:
            self._tell_room(session, Cause.NO_ROOM)
        room = min(free_mb) >= self.disk_mb_min * (1 + self.rules.margin)
        if room:
            self._tell_room(session, Cause.ROOM_AGAIN)

    def _tell_room(self, seen: Session, cause: Cause) -> None:
        mode, reason = seen.after(cause), reason_text(cause)
        if mode is None or not self.sessions.change_mode(seen, mode, reason, self.clock.now_ns()):
            return  # or somebody else changed it at this moment; the next sweep looks again
        self.alerts.raise_alert(
            Alert(
                kind=AlertKind.DISK_FULL,
                subject="disk",
                severity=Severity.INFO if mode is Mode.NORMAL else Severity.CRITICAL,
                message=f"{mode}: {reason}",
                at_ns=self.clock.now_ns(),
            )
        )


def _lag(measured: Iterable[Reading]) -> Iterable[Reading]:
    """Yield the readings with how long work waits in a queue under one name."""
    for reading in measured:
        waits = reading.rule == "loop_latency_ms"
        yield Reading("queue_lag_ms", reading.subject, reading.value) if waits else reading
