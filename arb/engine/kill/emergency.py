"""What CRITICAL means: stop trading, close or hand over what is open, image the state, say why, end.

Every step is tried even where the one before failed or hangs: a stack whose database is away still stops.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, TypeVar

from arb.domain.errors import Conflict, StoreError
from arb.domain.health.alert import Alert, Severity
from arb.domain.state.snapshot import SnapshotKind
from arb.domain.trading.trade import TradeState
from arb.engine.kill.drain import Drain
from arb.engine.state.snapshot import TakeSnapshot
from arb.engine.trading.hand_over import HandOver
from arb.ports.market import Clock, Errands
from arb.ports.messaging import AlertSink
from arb.ports.trading import TradeStore, TradeView

Result = TypeVar("Result")
REASON: Final = "watchdog"  # how the mode's reason begins after it
STEP_MS_MAX: Final = 12_000  # four such, the rest and the alert fit into the 120 s of a stop
STOPPED: Final = "stack_stopped"


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
    hand_over: HandOver
    take_snapshot: TakeSnapshot
    alerts: AlertSink
    errands: Errands
    clock: Clock
    rest_ms_max: int
    remember: Callable[[Ending], None]
    shut_down: Callable[[Ending], None]
    _under_way: Lock = field(default_factory=Lock, init=False)

    def run(self, why: str) -> Ending | None:
        """Do all of it; None if another thread of this process is at it, which the next sweeps find too."""
        if not self._under_way.acquire(blocking=False):
            return None
        try:
            return self._end(why)
        finally:
            self._under_way.release()

    def _end(self, why: str) -> Ending:
        reason = f"{REASON}: {why}"
        rested = self._tried("rest", lambda: self._rest(reason), self.rest_ms_max) or False
        handed_over = () if rested else self._tried("hand_over", self._give_up) or ()
        working = self._tried("count", lambda: self.trades.working(self.drain.session_id))
        ending = Ending(
            reason=reason,
            at_ns=self.clock.now_ns(),
            rested=rested,
            handed_over=tuple(handed_over),
            left_working=-1 if working is None else working,
            snapshot=self._tried("snapshot", lambda: self.take_snapshot.run(SnapshotKind.ON_STOP)),
        )
        self._alarm(f"the stack stops: {why}; {_left(ending)}")
        self.remember(ending)
        self.shut_down(ending)
        return ending

    def _rest(self, reason: str) -> bool:
        self.drain.begin(reason)
        return self.drain.wait(self.rest_ms_max)

    def _give_up(self) -> list[str]:
        """Name every trade that is neither hedged nor ended; what still works is found by the next start."""
        return [
            view.trade.trade_id
            for view in self.trades.active(self.drain.session_id)
            if view.trade.state is not TradeState.OPEN and self._given_up(view)
        ]

    def _given_up(self, view: TradeView) -> bool:
        if not all(order.is_terminal for order in view.orders):
            return False
        try:
            self.hand_over.run(view, STOPPED)
        except Conflict:  # it was settled at this moment
            return False
        return True

    def _tried(self, name: str, step: Callable[[], Result], ms_max: int = 0) -> Result | None:
        """Return what a step returned, None where it could not, or not in `ms_max` beyond its own time."""
        try:
            return self.errands.run(f"stop_{name}", step, STEP_MS_MAX + ms_max)
        except StoreError:
            return None

    def _alarm(self, message: str) -> None:
        self.alerts.raise_alert(
            Alert(
                kind=STOPPED,
                subject="stack",
                severity=Severity.CRITICAL,
                message=message,
                at_ns=self.clock.now_ns(),
            )
        )


def _left(ending: Ending) -> str:
    if ending.rested:
        return "nothing is unhedged"
    return f"handed over: {', '.join(ending.handed_over) or 'none'}; orders still out: {ending.left_working}"
