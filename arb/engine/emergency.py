"""What CRITICAL means: stop trading, close or hand over what is open, image the state, say why, end.

Every step is tried even where the one before failed: a stack whose database is away still stops.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from arb.domain.alert import Alert, Severity
from arb.domain.errors import Conflict, StoreError
from arb.domain.snapshot import SnapshotKind
from arb.domain.trade import ENDED, TradeState
from arb.engine.drain import Drain
from arb.engine.snapshot import TakeSnapshot
from arb.ports import AlertSink, Clock, TradeStore, TradeView

Result = TypeVar("Result")
REASON: Final = "watchdog"  # how the mode's reason begins after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why the stack ended, and how it left things."""

    reason: str
    at_ns: int
    rested: bool  # no order works, and every trade is hedged or ended
    handed_over: tuple[str, ...]  # trades that the operator has to look after
    left_working: int  # orders whose outcome is not known yet; -1: nobody could be asked
    snapshot: str | None  # its slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """The use case of a CRITICAL verdict. `shut_down` ends the stack, or this process where there is none."""

    drain: Drain
    trades: TradeStore
    take_snapshot: TakeSnapshot
    alerts: AlertSink
    clock: Clock
    rest_ms_max: int
    remember: Callable[[Ending], None]
    shut_down: Callable[[Ending], None]

    def run(self, why: str) -> Ending:
        """Do all of it, once."""
        reason = f"{REASON}: {why}"
        rested = self._tried(lambda: self._rest(reason)) or False
        handed_over = () if rested else self._tried(self._hand_over) or ()
        working = self._tried(lambda: self.trades.working(self.drain.session_id))
        ending = Ending(
            reason=reason,
            at_ns=self.clock.now_ns(),
            rested=rested,
            handed_over=tuple(handed_over),
            left_working=-1 if working is None else working,
            snapshot=self._tried(lambda: self.take_snapshot.run(SnapshotKind.ON_STOP)),
        )
        self._alarm("stack_stopped", "stack", f"the stack stops: {why}; {_left(ending)}")
        self.remember(ending)
        self.shut_down(ending)
        return ending

    def _rest(self, reason: str) -> bool:
        self.drain.begin(reason)
        return self.drain.wait(self.rest_ms_max)

    def _hand_over(self) -> list[str]:
        """Name every trade that is neither hedged nor ended; what still works is found by the next start."""
        return [
            view.trade.trade_id
            for view in self.trades.active(self.drain.session_id)
            if view.trade.state is not TradeState.OPEN and self._handed(view)
        ]

    def _handed(self, view: TradeView) -> bool:
        trade, now_ns = view.trade, self.clock.now_ns()
        if trade.state in ENDED or not all(order.is_terminal for order in view.orders):
            return False
        ended = replace(
            trade,
            state=TradeState.HANDED_OVER,
            reason="stack_stopped",
            updated_at_ns=now_ns,
            closed_at_ns=now_ns,
        )
        try:
            self.trades.add_orders(ended, ())
        except Conflict:  # it was settled at this moment
            return False
        self._alarm(
            "trade_handed_over", trade.trade_id, f"{trade.coin} trade {trade.trade_id} was not hedged in time"
        )
        return True

    def _tried(self, step: Callable[[], Result]) -> Result | None:
        try:
            return step()
        except StoreError:
            return None

    def _alarm(self, kind: str, subject: str, message: str) -> None:
        self.alerts.raise_alert(
            Alert(
                kind=kind,
                subject=subject,
                severity=Severity.CRITICAL,
                message=message,
                at_ns=self.clock.now_ns(),
            )
        )


def _left(ending: Ending) -> str:
    if ending.rested:
        return "nothing is unhedged"
    return f"handed over: {', '.join(ending.handed_over) or 'none'}; orders still out: {ending.left_working}"
