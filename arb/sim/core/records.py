"""The state of a venue as it follows from its events: orders, fills and balances.

`apply` is the only way state changes, live and when a journal is read back, so a simulator that
was killed and started again knows exactly what it knew. Open orders are in memory; what is over is in
an archive, so that a venue that runs for months does not grow.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from heapq import merge
from pathlib import Path

import msgspec

from arb.sim.core.accounts import Accounts
from arb.sim.core.events import (
    BalancesOpened,
    MovedOutside,
    OrderAccepted,
    OrderAmended,
    OrderClosed,
    OrderFilled,
    Prevented,
    TradePrevented,
)
from arb.sim.core.journal import Recorded
from arb.sim.core.order_archive import EVER_NS, OrderArchive
from arb.sim.core.orders import ZERO, SimulatedOrder
from arb.sim.core.rules import Fee


class AcceptedOrders(Mapping[str, SimulatedOrder]):
    """Every order ever accepted, by order id, in order of acceptance."""

    def __init__(self, archive: OrderArchive) -> None:
        self._archive = archive
        self._open: dict[str, SimulatedOrder] = {}
        self._count = 0

    def __getitem__(self, order_id: str) -> SimulatedOrder:
        order = self._open.get(order_id) or self._archive.order(order_id)
        if order is None:
            raise KeyError(order_id)
        return order

    def __iter__(self) -> Iterator[str]:
        return (order.order_id for order in self.select())

    def __len__(self) -> int:
        return self._count

    def select(
        self,
        coin: str | None = None,
        number_min: int = 0,
        since_ns: int = 0,
        until_ns: int = EVER_NS,
        *,
        newest_first: bool = False,
    ) -> Iterator[SimulatedOrder]:
        """Return orders of one coin or all, from a number on, created in a time that is inclusive."""
        live = [
            order
            for order in self._open.values()
            if (coin is None or order.request.coin == coin)
            and order.number >= number_min
            and since_ns <= order.created_ns <= until_ns
        ]
        ended = self._archive.orders(coin, number_min, since_ns, until_ns, newest_first=newest_first)
        live.sort(key=_number, reverse=newest_first)
        return merge(live, ended, key=_number, reverse=newest_first)

    def with_client_id(self, client_id: str) -> list[SimulatedOrder]:
        """Return every order that was accepted with that client id, oldest first."""
        live = [order for order in self._open.values() if order.request.client_id == client_id]
        return sorted([*live, *self._archive.with_client_id(client_id)], key=_number)

    def add(self, order: SimulatedOrder) -> None:
        """Take a new order in."""
        self._open[order.order_id] = order
        self._count += 1

    def end(self, order: SimulatedOrder) -> None:
        """Put an order that has ended away; it does not change any more."""
        del self._open[order.order_id]
        self._archive.put_order(order)


class VenueRecords:
    """Orders by id, in order of acceptance; fills; accounts."""

    def __init__(self, quote: str, directory: Path | None = None) -> None:
        self._quote = quote
        self.archive = OrderArchive(directory)
        self.orders = AcceptedOrders(self.archive)
        self.open: dict[str, dict[str, SimulatedOrder]] = {}  # coin -> order id -> order, oldest first
        self.accounts = Accounts()
        self.amended: dict[str, list[Recorded]] = {}  # by order id
        self.prevented: list[Recorded] = []  # trades of the account with itself that did not happen

    def apply(self, recorded: Recorded) -> None:
        """Take one event into account; kinds that change nothing are passed over."""
        match recorded.event:
            case BalancesOpened(balances=balances):
                for asset, amount in balances.items():
                    self.accounts.deposit(asset, amount)
            case MovedOutside(asset=asset, change=change):
                self.accounts.move(asset, change)
            case OrderAccepted() as accepted:
                self._accept(accepted, recorded.ts_ns)
            case OrderFilled() as fill:
                self._fill(fill, recorded)
            case OrderClosed() as closed:
                self._close(closed, recorded.ts_ns)
            case TradePrevented() as match:
                self.prevented.append(recorded)
                for lost in (match.taker, match.maker):
                    self._prevent(lost, match.number, recorded.ts_ns)
            case OrderAmended() as amended:
                self.amended.setdefault(amended.order_id, []).append(recorded)
                order = self._holding(amended.order_id, amended.held_after, recorded.ts_ns)
                order.request = msgspec.structs.replace(
                    order.request, quantity=amended.quantity, client_id=amended.client_id
                )
            case _:
                pass

    def _holding(self, order_id: str, held_after: Decimal, ts_ns: int) -> SimulatedOrder:
        """Return an open order, which locks that much from here on."""
        order = self.orders[order_id]
        self.accounts.release(order.hold_asset, order.held - held_after)
        order.held, order.updated_ns = held_after, ts_ns
        return order

    def _prevent(self, lost: Prevented, number: int, ts_ns: int) -> None:
        order = self.orders[lost.order_id]
        order.prevented_ids.append(number)
        if not lost.quantity and lost.status is order.status:
            return
        self._holding(lost.order_id, lost.held_after, ts_ns)
        order.prevented += lost.quantity
        order.status = lost.status
        self._shelve_if_ended(order)

    def _accept(self, accepted: OrderAccepted, ts_ns: int) -> None:
        order = SimulatedOrder(
            number=accepted.number,
            order_id=accepted.order_id,
            request=accepted.request,
            hold_asset=accepted.hold_asset,
            held=accepted.held,
            created_ns=ts_ns,
            updated_ns=ts_ns,
        )
        self.accounts.hold(accepted.hold_asset, accepted.held)
        self.orders.add(order)
        self.open.setdefault(order.request.coin, {})[order.order_id] = order

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
        self.archive.put_fill(recorded, fill)
        self._shelve_if_ended(order)

    def _close(self, closed: OrderClosed, ts_ns: int) -> None:
        order = self.orders[closed.order_id]
        self.accounts.release(order.hold_asset, order.held)
        order.held = ZERO
        order.status = closed.status
        order.reason = closed.reason
        order.updated_ns = ts_ns
        self._shelve_if_ended(order)

    def _shelve_if_ended(self, order: SimulatedOrder) -> None:
        if not order.is_open:
            del self.open[order.request.coin][order.order_id]
            self.orders.end(order)


def _number(order: SimulatedOrder) -> int:
    return order.number
