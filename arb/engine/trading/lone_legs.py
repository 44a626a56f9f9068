"""While a leg that was escalated stands alone, nothing new is opened; it goes on by itself when none does.

The operator hears of the leg (`trade_handed_over`); the mode is its consequence and no alert of its own.
"""

from dataclasses import dataclass

from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import Cause, is_chosen, reason_text
from arb.domain.trading.lone_leg import LoneLeg
from arb.ports.market import Clock
from arb.ports.trading import Session, SessionStore, TradeStore


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneLegs:
    """Looks in each sweep, and at once when a leg is escalated."""

    session_id: SessionId
    trades: TradeStore
    sessions: SessionStore
    clock: Clock

    def run(self) -> tuple[LoneLeg, ...]:
        """Reduce the session while a leg stands alone, or lift that; return the legs.

        Never over a halt, nor over what a person has decided: who lets it trade after a leg was escalated
        knows of it. Raises: StoreUnavailable.
        """
        legs = self.trades.alone(self.session_id)
        session = self.sessions.get(self.session_id)
        if session is None:
            return legs
        if not legs:
            self._change(session, Cause.NO_LEG_ALONE)
            return legs
        since_ns = max(leg.known_since_ns for leg in legs)
        chosen = is_chosen(session.mode, session.mode_reason, session.mode_changed_at_ns, since_ns)
        if not chosen:
            self._change(session, Cause.LEG_ALONE)
        return legs

    def _change(self, seen: Session, cause: Cause) -> None:
        """Somebody else may have changed it at this moment: that stays, and the next sweep looks again."""
        mode = seen.after(cause)
        if mode is not None:
            self.sessions.change_mode(seen, mode, reason_text(cause), self.clock.now_ns())
