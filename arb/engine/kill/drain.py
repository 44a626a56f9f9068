"""Coming to rest: no new trades, and every leg of the old ones hedged or ended."""

from dataclasses import dataclass
from typing import Final

from arb.domain.market.ids import SessionId
from arb.domain.trading.trade import TradeState
from arb.engine.trading.halt import halt
from arb.ports.market import Clock
from arb.ports.trading import SessionStore, TradeStore

PAUSE_MS: Final = 100
RESTS_IN_A_ROW: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """The use case of every graceful stop."""

    session_id: SessionId
    trades: TradeStore
    sessions: SessionStore
    clock: Clock

    def begin(self, reason: str) -> None:
        """Open and close nothing more; what is uneven is still repaired."""
        halt(self.sessions, self.session_id, reason, self.clock.now_ns())

    def at_rest(self) -> bool:
        """Tell whether no order works and every trade that has not ended is a hedged pair."""
        if self.trades.working(self.session_id):
            return False
        return all(view.trade.state is TradeState.OPEN for view in self.trades.active(self.session_id))

    def wait(self, timeout_ms: int) -> bool:
        """Wait until at rest; return False if that took longer than `timeout_ms`.

        An evaluation that began before the mode changed may still close a pair: rest has to last.
        """
        until_ns = self.clock.steady_ns() + timeout_ms * 1_000_000
        rests = 0
        while rests < RESTS_IN_A_ROW:
            if self.clock.steady_ns() >= until_ns:
                return False
            rests = rests + 1 if self.at_rest() else 0
            self.clock.sleep_ms(PAUSE_MS)
        return True
