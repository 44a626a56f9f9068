"""A reconciliation that stays inconclusive raises an alert, and nothing new is opened.

Orders under way, or a venue that gives no answer, keep an asset from being judged for a run or two. Whatever
is not judged for longer may be a loss that nobody sees. What was not judged since when outlives the process.
"""

from dataclasses import dataclass
from typing import Final

from arb.domain.health.alert import Alert, AlertKind, Severity
from arb.domain.ledger.reconcile import Key
from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import Cause, is_chosen, reason_text
from arb.domain.time import NS_PER_S
from arb.ports.market import Clock
from arb.ports.messaging import AlertSink
from arb.ports.trading import SessionStore

# Five runs, one a minute: an asset that orders move is judged in the pauses between them, of which thirty
# looks in three seconds find one; and a venue that is away for as long is told by others already.
UNJUDGED_NS_MAX: Final = 300 * NS_PER_S
VENUES: Final = "venues"  # not all of them could be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """Looks at the end of each reconciliation of one session."""

    session_id: SessionId
    sessions: SessionStore
    alerts: AlertSink
    clock: Clock

    def run(self, undecided: tuple[Key, ...], asked: bool) -> None:
        """Alarm and reduce for what was not judged for too long; lift that once all is.

        Raises: StoreUnavailable.
        """
        now_ns, before = self.clock.now_ns(), self.sessions.unjudged(self.session_id)
        subjects = {f"{venue}:{asset}" for venue, asset in undecided}
        if not asked:
            subjects |= {VENUES, *before}  # whoever could not look has not judged what waits, either
        since = {subject: min(before.get(subject, now_ns), now_ns) for subject in subjects}
        if since != before:
            self.sessions.keep_unjudged(self.session_id, since)
        late = {subject: at_ns for subject, at_ns in since.items() if now_ns - at_ns >= UNJUDGED_NS_MAX}
        for subject, at_ns in sorted(late.items()):
            self._alarm(subject, now_ns - at_ns, now_ns)
        if late:
            self._reduce(min(late.values()) + UNJUDGED_NS_MAX, now_ns)
        elif not since:
            self._lift(now_ns)

    def _reduce(self, known_ns: int, now_ns: int) -> None:
        """Never over a halt, nor over a person who has let it trade since this was told."""
        session = self.sessions.get(self.session_id)
        mode = None if session is None else session.after(Cause.UNJUDGED)
        if session is None or mode is None:
            return
        if not is_chosen(session.mode, session.mode_reason, session.mode_changed_at_ns, known_ns):
            self.sessions.change_mode(session, mode, reason_text(Cause.UNJUDGED), now_ns)

    def _lift(self, now_ns: int) -> None:
        session = self.sessions.get(self.session_id)
        mode = None if session is None else session.after(Cause.JUDGED_AGAIN)
        if session is not None and mode is not None:
            self.sessions.change_mode(session, mode, reason_text(Cause.JUDGED_AGAIN), now_ns)
            self._tell(VENUES, Severity.INFO, "recovered: ledger and balances are compared again", now_ns)

    def _alarm(self, subject: str, age_ns: int, now_ns: int) -> None:
        what = (
            "not every venue could be asked" if subject == VENUES else "orders moved it, or no venue answered"
        )
        message = (
            f"{subject}: ledger and balance could not be compared for {age_ns // NS_PER_S} s ({what}): "
            "nothing is opened; `arb reconcile`, and look at the balance at the venue yourself"
        )
        self._tell(subject, Severity.CRITICAL, message, now_ns)

    def _tell(self, subject: str, severity: Severity, message: str, now_ns: int) -> None:
        self.alerts.raise_alert(
            Alert(
                kind=AlertKind.RECONCILE_INCONCLUSIVE,
                subject=subject,
                severity=severity,
                message=message,
                at_ns=now_ns,
            )
        )
