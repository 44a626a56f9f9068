"""Coming to rest: no new trades, and every leg of the old ones hedged or ended."""

from dataclasses import dataclass
from typing import Final

from arb.domain.ids import SessionId
from arb.domain.risk import Mode
from arb.domain.trade import TradeState
from arb.ports import Clock, SessionStore, TradeStore

PAUSE_MS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """The use case of every graceful stop."""

    session_id: SessionId
    trades: TradeStore
    sessions: SessionStore
    clock: Clock

    def begin(self, reason: str) -> None:
        """Stop opening trades; what is open may still be closed and repaired."""
        session = self.sessions.get(self.session_id)
        if session is not None and session.mode is Mode.NORMAL:
            self.sessions.set_mode(self.session_id, Mode.REDUCE_ONLY, reason, self.clock.now_ns())

    def at_rest(self) -> bool:
        """Tell whether no order works and every trade that has not ended is a hedged pair."""
        if self.trades.working(self.session_id):
            return False
        return all(view.trade.state is TradeState.OPEN for view in self.trades.active(self.session_id))

    def wait(self, timeout_ms: int) -> bool:
        """Wait until at rest; return False if that took longer than `timeout_ms`."""
        until_ns = self.clock.now_ns() + timeout_ms * 1_000_000
        while not self.at_rest():
            if self.clock.now_ns() >= until_ns:
                return False
            self.clock.sleep_ms(PAUSE_MS)
        return True
