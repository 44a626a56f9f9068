"""The state of a venue as it follows from its events: orders, fills and balances.

`apply` is the only way state changes, live and when a journal is read back, so a simulator that
was killed and started again knows exactly what it knew.
"""

from arb.sim.core.accounts import Accounts
from arb.sim.core.events import BalancesOpened, OrderAccepted, OrderClosed, OrderFilled
from arb.sim.core.fees import Fee
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import ZERO, Order


class Records:
    """Orders by id, in order of acceptance; fills; accounts."""

    def __init__(self, quote: str) -> None:
        self._quote = quote
        self.orders: dict[str, Order] = {}
        self.open: dict[str, dict[str, Order]] = {}  # coin -> order id -> order, oldest first
        self.by_client_id: dict[str, list[Order]] = {}
        self.fills: list[Recorded] = []  # of OrderFilled
        self.accounts = Accounts()

    def apply(self, recorded: Recorded) -> None:
        """Take one event into account; kinds that change nothing are passed over."""
        match recorded.event:
            case BalancesOpened(balances=balances):
                for asset, amount in balances.items():
                    self.accounts.deposit(asset, amount)
            case OrderAccepted() as accepted:
                self._accept(accepted, recorded.ts_ns)
            case OrderFilled() as fill:
                self._fill(fill, recorded)
            case OrderClosed() as closed:
                self._close(closed, recorded.ts_ns)
            case _:
                pass

    def _accept(self, accepted: OrderAccepted, ts_ns: int) -> None:
        order = Order(
            number=accepted.number,
            order_id=accepted.order_id,
            request=accepted.request,
            hold_asset=accepted.hold_asset,
            held=accepted.held,
            created_ns=ts_ns,
            updated_ns=ts_ns,
        )
        self.accounts.hold(accepted.hold_asset, accepted.held)
        self.orders[order.order_id] = order
        self.open.setdefault(order.request.coin, {})[order.order_id] = order
        self.by_client_id.setdefault(accepted.client_id, []).append(order)

    def _fill(self, fill: OrderFilled, recorded: Recorded) -> None:
        order = self.orders[fill.order_id]
        value = fill.price * fill.quantity
        fee = Fee(fill.fee_asset, fill.fee)
        used = self.accounts.settle(fill.side, fill.coin, self._quote, value, fill.quantity, fee)
        self.accounts.release(order.hold_asset, order.held - used - fill.held_after)
        order.held = fill.held_after
        order.executed += fill.quantity
        order.executed_quote += value
        order.fees[fill.fee_asset] = order.fees.get(fill.fee_asset, ZERO) + fill.fee
        order.fill_ids.append(fill.fill_id)
        order.status = fill.status
        order.updated_ns = recorded.ts_ns
        self.fills.append(recorded)
        self._forget_if_ended(order)

    def _close(self, closed: OrderClosed, ts_ns: int) -> None:
        order = self.orders[closed.order_id]
        self.accounts.release(order.hold_asset, order.held)
        order.held = ZERO
        order.status = closed.status
        order.reason = closed.reason
        order.updated_ns = ts_ns
        self._forget_if_ended(order)

    def _forget_if_ended(self, order: Order) -> None:
        if not order.is_open:
            self.open[order.request.coin].pop(order.order_id, None)
