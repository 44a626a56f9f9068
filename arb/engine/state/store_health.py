"""Whether PostgreSQL answers: a look every half minute, an alert after three misses, and at its return."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from arb.domain.errors import StoreUnavailable
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.state.recovery import POSTGRES, Recovery
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink, Counters

FAILURES_MAX: Final = 3


@dataclass(kw_only=True)
class WatchDatabase:
    """The use case behind `arb.check_stores`; remembers its misses for as long as its process lives."""

    ask: Callable[[], object]  # Raises: StoreUnavailable
    alerts: AlertSink
    counters: Counters
    clock: Clock
    recovered: Callable[[Recovery], None]
    failures: int = 0
    lost_at_ns: int = 0
    last_error: str = ""

    def run(self) -> bool:
        """Ask PostgreSQL once, and return whether it answers."""
        try:
            self.ask()
        except StoreUnavailable as error:
            self._missed(str(error))
            return False
        if self.failures >= FAILURES_MAX:
            self._returned(self.clock.now_ns())
        self.failures = 0
        return True

    def _returned(self, now_ns: int) -> None:
        away_s = (now_ns - self.lost_at_ns) // 1_000_000_000
        self._alarm(AlertKind.STORE_RECOVERED, Severity.INFO, f"answers again after {away_s} s")
        self.recovered(
            Recovery(
                component=POSTGRES,
                cause=self.last_error,
                lost_at_ns=self.lost_at_ns,
                recovered_at_ns=now_ns,
            )
        )

    def _missed(self, why: str) -> None:
        self.failures += 1
        self.last_error = why
        self.counters.count("database_misses", POSTGRES)
        if self.failures == 1:
            self.lost_at_ns = self.clock.now_ns()
        if self.failures == FAILURES_MAX:
            self._alarm(AlertKind.STORE_UNREACHABLE, Severity.CRITICAL, why)

    def _alarm(self, kind: AlertKind, severity: Severity, message: str) -> None:
        self.alerts.raise_alert(
            Alert(kind=kind, subject=POSTGRES, severity=severity, message=message, at_ns=self.clock.now_ns())
        )
