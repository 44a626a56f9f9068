"""Bringing everything to rest in this process alone: no broker, no workers, only rows, venues and a clock.

The row is the truth and a message only a hint, so looking at every live row in turn does what the messages
would have done. Workers that are alive may do the same at the same moment: claims are fenced.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from arb.domain.errors import ArbError, Conflict, StoreUnavailable
from arb.domain.market.ids import SessionId
from arb.domain.trading.order import Order, OrderState
from arb.domain.trading.trade import MOVING
from arb.engine.trading.escalate import Escalate
from arb.engine.trading.execute import Execute
from arb.engine.trading.settle import Settle
from arb.ports.trading import TradeStore, TradeView

NOT_IN_TIME: Final = "kill_time_ceiling"


@dataclass(frozen=True, slots=True)
class Left:
    """What is not at rest: orders that may execute, and trades whose legs are not settled."""

    orders: tuple[Order, ...]
    trades: tuple[TradeView, ...]

    @property
    def at_rest(self) -> bool:
        """Tell whether nothing may execute and no leg is alone."""
        return not self.orders and not self.trades


@dataclass(frozen=True, slots=True, kw_only=True)
class WindDown:
    """Places repairs, denies the rest, asks about what is unknown, and settles."""

    session_id: SessionId
    trades: TradeStore
    execute: Execute
    settle: Settle
    escalate: Escalate
    problems: dict[str, str] = field(default_factory=dict)  # by order or trade, the last one

    def step(self) -> Left:
        """Move everything that can be moved, once. Raises: StoreUnavailable."""
        for order in self._live():
            run = self.execute.place if order.state is OrderState.INTENT else self.execute.resolve
            self._tried(order.client_order_id, run)
        for view in self._moving():
            if all(order.is_terminal for order in view.orders):
                self._tried(view.trade.trade_id, self.settle.run)
        return self.left()

    def left(self) -> Left:
        """Return what is not at rest. Raises: StoreUnavailable."""
        return Left(self._live(), self._moving())

    def escalate_rest(self, left: Left) -> tuple[str, ...]:
        """Alarm for every trade that is left, and return them.

        One whose orders are all over ends here, for the operator to finish. One with an order of unknown
        fate goes on: what becomes of it is still recorded and repaired by whoever resolves it.
        """
        return tuple(view.trade.trade_id for view in left.trades if self._given_up(view))

    def _given_up(self, view: TradeView) -> bool:
        if not all(order.is_terminal for order in view.orders):
            self.escalate.warn(view, NOT_IN_TIME)
            return True
        try:
            self.escalate.run(view, NOT_IN_TIME)
        except Conflict:  # a worker settled it at this moment
            return False
        return True

    def _live(self) -> tuple[Order, ...]:
        return self.trades.live(self.session_id)

    def _moving(self) -> tuple[TradeView, ...]:
        return tuple(view for view in self.trades.active(self.session_id) if view.trade.state in MOVING)

    def _tried(self, subject: Any, run: Callable[[Any], object]) -> None:
        """Run one step; one item that fails must not keep the others from being stopped."""
        try:
            run(subject)
        except StoreUnavailable:
            raise
        except ArbError as error:
            self.problems[subject] = str(error)
        else:
            self.problems.pop(subject, None)
