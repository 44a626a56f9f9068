"""A leg that was escalated is repaired again, once the books say that nobody has closed it meanwhile.

The engine does so by itself after a reconciliation that could look at both venues, each time after a longer
pause; the operator may at any time (`arb trades adopt`). The row comes first: who dies after it leaves a
trade under repair, and the sweep has it settled.
"""

from dataclasses import dataclass, replace

from arb.domain.errors import Conflict
from arb.domain.market.ids import SessionId, TradeId, Venue
from arb.domain.market.money import ZERO
from arb.domain.risk.review import Mode
from arb.domain.trading.trade import Trade, TradeState
from arb.engine.ledger.reconcile import Reconciled
from arb.ports.market import Clock
from arb.ports.messaging import Counters, Dispatcher
from arb.ports.trading import KillSwitch, SessionStore, TradeStore

MESSAGE_MS_MAX = 5_000  # later than this a sweep has seen to it


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUp:
    """The use case behind `arb trades adopt`, and the end of each `arb.reconcile`."""

    session_id: SessionId
    trades: TradeStore
    sessions: SessionStore
    kill_switch: KillSwitch
    dispatcher: Dispatcher
    counters: Counters
    clock: Clock

    def run(self, found: Reconciled) -> tuple[Trade, ...]:
        """Take up what is due and was closed by nobody; return it. Nothing while trading is halted."""
        session = self.sessions.get(self.session_id)
        if session is None or session.mode is Mode.HALTED or self.kill_switch.engaged() is not None:
            return ()
        now_ns = self.clock.now_ns()
        due = [leg.trade for leg in self.trades.alone(self.session_id) if leg.is_due(now_ns)]
        taken = [self._again(trade) for trade in due if _obstacle(trade, found) is None]
        return tuple(trade for trade in taken if trade is not None)

    def adopt(self, trade_id: TradeId, found: Reconciled) -> str | None:
        """Take up one leg now; return why that cannot be, None if it was or somebody just did."""
        view = self.trades.view(trade_id)
        if view is None or view.trade.session_id != self.session_id:
            return "there is no such trade in this session"
        if view.trade.state is TradeState.REPAIRING:
            return None
        if view.trade.state is not TradeState.ESCALATED:
            return f"it is {view.trade.state} and was not escalated"
        why = _obstacle(view.trade, found)
        if why is None and self._again(view.trade) is None:
            return "somebody changed it at this moment; look again"
        return why

    def _again(self, trade: Trade) -> Trade | None:
        now_ns = self.clock.now_ns()
        repaired = replace(
            trade,
            state=TradeState.REPAIRING,
            reason="",
            residual=ZERO,
            closed_at_ns=0,
            updated_at_ns=now_ns,
            repair_since_ns=now_ns,  # its ceilings of time and of attempts begin anew, its loss does not
        )
        try:
            taken = self.trades.repair_again(repaired)
        except Conflict:
            return None
        self.counters.count("taken_up", trade.coin)
        self.dispatcher.send("arb.settle_trade", trade.trade_id, expires_ms=MESSAGE_MS_MAX)
        return taken


def _obstacle(trade: Trade, found: Reconciled) -> str | None:
    """Return why a reconciliation does not prove that a leg is still there, or None if it does."""
    if not found.asked:
        return "a venue could not be asked, so that nobody knows whether the leg is still there"
    for venue in Venue:
        if (venue, trade.coin) in found.undecided:
            return f"orders move {trade.coin} on {venue}; look again in a moment"
    for drift in found.drifts:
        if drift.asset == trade.coin:
            return f"{drift}; `arb reconcile --accept REASON` books what you moved"
    return None
