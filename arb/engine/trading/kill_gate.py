"""Which orders may still be sent after the kill switch was engaged.

Entries and exits that were not sent are denied, unless their other leg is at its venue: then sending this one
is what keeps the pair hedged. While nobody knows whether the other leg arrived, this one waits for that,
within its lifetime. Repairs go on, since they only shrink risk. The switch is asked before the claim and
again after it. The claim is committed before the second look, and the switch is on the disk before `arb kill`
looks for claims: so either we see the switch, or it sees our claim and waits for it.
"""

from dataclasses import dataclass
from typing import Final

from arb.domain.market.ids import ClientOrderId
from arb.domain.market.money import ZERO
from arb.domain.trading.order import AT_VENUE, Order, OrderState, Purpose
from arb.ports.market import Clock
from arb.ports.messaging import Counters
from arb.ports.trading import KillSwitch, TradeStore

ARRIVED: Final = (OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class KillGate:
    """Stands between an intent and the wire."""

    switch: KillSwitch
    trades: TradeStore
    counters: Counters
    clock: Clock

    def denies(self, client_order_id: ClientOrderId) -> bool:
        """Tell whether this intent must not be sent, and deny it then; costs a `stat` in peace."""
        reason = self.switch.engaged()
        if reason is None:
            return False
        order = self.trades.order(client_order_id)
        return order is not None and order.state is OrderState.INTENT and self._stops(order, reason)

    def may_trade(self, sent: Order) -> bool:
        """Tell whether an order may still execute whose proof is that it is sent again.

        It may within its lifetime, like any intent, and while the switch is off or it shrinks risk.
        """
        if not sent.is_alive(self.clock.now_ns()):
            return False
        return sent.purpose is Purpose.REPAIR or self.switch.engaged() is None

    def takes_back(self, claimed: Order) -> bool:
        """Tell whether the switch was pulled before this claim was sent; the claim is given up then."""
        reason = self.switch.engaged()
        return reason is not None and self._stops(claimed, reason)

    def _stops(self, order: Order, reason: str) -> bool:
        if order.purpose is Purpose.REPAIR:
            return False
        others = self._others(order, reason)
        if any(other.state in ARRIVED or other.filled_quantity > ZERO for other in others):
            return False
        now_ns = self.clock.now_ns()
        if order.state is OrderState.SUBMITTED:
            self.trades.release(order.client_order_id, order.fence, reason, now_ns)
        if any(other.state in AT_VENUE for other in others) and order.is_alive(now_ns):
            return True  # a step of the kill or a sweep comes back to it
        denied = self.trades.deny(order.client_order_id, f"killed: {reason}", now_ns)
        if denied:
            self.counters.count("orders_denied", "killed")
        return denied

    def _others(self, order: Order, reason: str) -> list[Order]:
        """Return the pair's other leg as it is, after denying it if it was not sent."""
        for other in self._pair(order):
            if other.state is OrderState.INTENT:
                self.trades.deny(other.client_order_id, f"killed: {reason}", self.clock.now_ns())
        return self._pair(order)

    def _pair(self, order: Order) -> list[Order]:
        view = self.trades.view(order.trade_id)
        if view is None:
            return []
        return [
            other
            for other in view.orders
            if other.client_order_id != order.client_order_id
            and other.purpose is order.purpose
            and other.created_at_ns == order.created_at_ns
        ]
