"""The watchdog's round: who gave no sign of life, and who does again."""

from dataclasses import dataclass

from arb.domain.alert import Alert, Severity
from arb.domain.errors import StoreUnavailable
from arb.domain.health import HeartbeatRules, Verdict, verdicts
from arb.ports import AlertSink, Clock, Counters, Heartbeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The use case behind `arb.watchdog`."""

    heartbeats: Heartbeats
    alerts: AlertSink
    counters: Counters
    clock: Clock
    rules: HeartbeatRules

    def run(self) -> dict[str, Verdict]:
        """Look at every heartbeat; alarm on the dead. Returns the verdict of each process."""
        now_ns = self.clock.now_ns()
        try:
            beats = self.heartbeats.read()
        except StoreUnavailable as error:
            self._alarm("redis_unreachable", "redis", str(error), now_ns)
            return {}
        last = {process: int(facts.get("at_ns", "0")) for process, facts in beats.items()}
        found = verdicts(last, now_ns, self.rules)
        for process, how in found.items():
            self.counters.count("watchdog", how)
            if how is Verdict.DEAD:
                age_s = (now_ns - last[process]) // 1_000_000_000
                self._alarm("process_silent", process, f"no sign of life for {age_s} s", now_ns)
        return found

    def _alarm(self, kind: str, subject: str, message: str, now_ns: int) -> None:
        self.alerts.raise_alert(
            Alert(kind=kind, subject=subject, severity=Severity.CRITICAL, message=message, at_ns=now_ns)
        )
