"""No feed worker, no trading: the session is halted while none is alive, and goes on by itself after that.

Stale quotes stop entries and exits already; this says so, keeps it, and tells somebody.
"""

from dataclasses import dataclass
from typing import Final

from arb.domain.errors import StoreUnavailable
from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import Cause, reason_text
from arb.domain.risk.review import Mode
from arb.ports.market import FeedRegistry
from arb.ports.messaging import AlertSink
from arb.ports.trading import Session, SessionStore

SUBJECT: Final = "feeds"
TOLD: Final = {
    Mode.HALTED: (Severity.CRITICAL, "no feed worker is alive; trading is halted"),
    Mode.NORMAL: (Severity.INFO, "recovered: coins are fed again; trading goes on"),
}
GONE_NS: Final = 6_000_000_000  # without any sign of life; a restart takes two or three seconds


@dataclass(slots=True, kw_only=True)
class FeedGuard:
    """Looks once in a sweep of the watchdog."""

    session_id: SessionId
    registry: FeedRegistry
    sessions: SessionStore
    alerts: AlertSink
    _nobody_since_ns: int = 0  # that this process has found no name at all: the store may just be empty

    def run(self, now_ns: int) -> None:
        """Halt a session that nobody feeds, and let it go on when somebody does. Never raises for stores."""
        try:
            gone = self._gone(now_ns)
            session = self.sessions.get(self.session_id)
            if session is None:
                return
            if gone is not None:
                self._change(session, Cause.NO_FEED if gone else Cause.FED_AGAIN, now_ns)
        except StoreUnavailable:
            return  # what is away is told as that

    def _gone(self, now_ns: int) -> bool | None:
        """Tell whether no worker is alive, or that some feed again; None is neither."""
        roster, _ = self.registry.read()
        if not roster.beats:
            self._nobody_since_ns = self._nobody_since_ns or now_ns
            return None if 0 <= now_ns - self._nobody_since_ns <= GONE_NS else True
        self._nobody_since_ns = 0
        alive = [beat for beat in roster.beats.values() if abs(now_ns - beat.at_ns) <= GONE_NS]
        if not alive:
            return True
        return False if any(beat.fences for beat in alive) else None

    def _change(self, seen: Session, cause: Cause, now_ns: int) -> None:
        mode = seen.after(cause)
        if mode is None or not self.sessions.change_mode(seen, mode, reason_text(cause), now_ns):
            return  # or somebody else changed it at this moment, and that stays
        severity, message = TOLD[mode]
        self.alerts.raise_alert(
            Alert(
                kind=AlertKind.NO_FEED_WORKER,
                subject=SUBJECT,
                severity=severity,
                message=message,
                at_ns=now_ns,
            )
        )
