"""The one way in which the engine halts a session: over a halt that passes, never over one that stays."""

from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import stays_halted
from arb.domain.risk.review import Mode
from arb.ports.trading import SessionStore


def halt(sessions: SessionStore, session_id: SessionId, reason: str, now_ns: int) -> None:
    """Halt a session, unless it is halted until a person lifts that: then it keeps the reason it has."""
    while (session := sessions.get(session_id)) is not None:
        stays = stays_halted(session.mode, session.mode_reason)
        if stays or sessions.change_mode(session, Mode.HALTED, reason, now_ns):
            return
