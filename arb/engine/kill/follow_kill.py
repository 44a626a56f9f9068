"""Hearing of a kill on another machine: the switch here is brought to what was decided there.

The switch of this machine and the session's mode in SQL stay the truth; a message only makes it quicker.
Stopping is done at once on anybody's word, letting go on only on SQL's: if the last thing that was decided
about the mode is that the kill is over, and it was decided after the switch here was pulled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arb.domain.market.ids import SessionId
from arb.domain.risk.mode import Cause
from arb.ports.market import Clock
from arb.ports.trading import KillSwitch, SessionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowKill:
    """What a worker does about kills that it hears of."""

    session_id: SessionId
    switch: KillSwitch
    sessions: SessionStore
    clock: Clock

    def kill(self, message: Mapping[str, Any]) -> None:
        """Stop at once, unless SQL knows that this kill is over. Raises: StoreUnavailable, OSError."""
        at_ns = int(message.get("at_ns", self.clock.now_ns()))
        self.switch.engage(str(message.get("reason", "")), at_ns)
        self.look()

    def look(self) -> None:
        """Do what SQL says. Raises: StoreUnavailable, OSError."""
        session = self.sessions.get(self.session_id)
        if session is None:
            return
        if session.reason.cause is Cause.KILLED:
            self.switch.engage(session.reason.detail, session.mode_changed_at_ns)
        elif session.reason.cause is Cause.UNKILLED:
            pulled_ns = self.switch.engaged_at_ns()
            if pulled_ns is not None and pulled_ns < session.mode_changed_at_ns:
                self.switch.release()
