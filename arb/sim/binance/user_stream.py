"""User data subscriptions: engine events to every connection that subscribed. Nothing is replayed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from arb.sim.binance.micro import MICROSECOND, frame_in_microseconds
from arb.sim.binance.symbols import QUOTE
from arb.sim.binance.user_events import (
    account_position,
    balance_update,
    end_fields,
    execution_report,
    fill_fields,
    prevented_fields,
)
from arb.sim.core.events import (
    MovedOutside,
    OrderAccepted,
    OrderAmended,
    OrderClosed,
    OrderFilled,
    TradePrevented,
)
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_stream import PrivateShaper
from arb.sim.core.faults import FaultPlan
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import SimulatedOrder, Status
from arb.sim.core.sockets import Outbox


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class UserSubscription:
    """One connection's subscription to the account's events."""

    number: int
    outbox: Outbox
    shaper: PrivateShaper
    unit: str = ""  # of times: MICROSECOND, or else milliseconds


class UserEventStream:
    """Listens to the engine and tells the subscribers."""

    def __init__(self, exchange: Exchange, faults: FaultPlan, cancel_ids: Mapping[str, str]) -> None:
        self._exchange = exchange
        self._faults = faults
        self._cancel_ids = cancel_ids
        self._subscriptions: list[UserSubscription] = []

    def add(self, outbox: Outbox, number: int, unit: str) -> UserSubscription:
        """Subscribe a connection."""
        shaper = PrivateShaper(self._faults, "userDataStream")
        subscription = UserSubscription(number=number, outbox=outbox, shaper=shaper, unit=unit)
        self._subscriptions.append(subscription)
        return subscription

    def remove(self, subscription: UserSubscription) -> None:
        """End a subscription; one that has ended is no error."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    def drop_all(self) -> None:
        """Cut every connection that is subscribed."""
        for subscription in self._subscriptions:
            subscription.outbox.abort()

    def on_event(self, recorded: Recorded) -> None:
        """Turn an engine event into reports. Listens to the engine."""
        event = recorded.event
        if isinstance(event, MovedOutside):
            self._send(balance_update(recorded, event), "")
            balances = {event.asset: self._exchange.balance(event.asset)}
            self._send(account_position(recorded, balances), "")
        if not self._subscriptions:
            return
        for order, report in self._reports(recorded):
            self._send(report, order.request.client_id)
            balances = {asset: self._exchange.balance(asset) for asset in (order.request.coin, QUOTE)}
            self._send(account_position(recorded, balances), order.request.client_id)

    def _reports(self, recorded: Recorded) -> Iterator[tuple[SimulatedOrder, dict[str, Any]]]:
        """Yield the orders that an event is about, each with its report."""
        match recorded.event:
            case OrderAccepted(order_id=order_id):
                order = self._exchange.orders[order_id]
                yield order, execution_report(recorded, order, "NEW", Status.NEW)
            case OrderFilled() as fill:
                order = self._exchange.orders[fill.order_id]
                yield order, execution_report(recorded, order, "TRADE", fill.status) | fill_fields(fill)
            case OrderClosed() as closed:
                order = self._exchange.orders[closed.order_id]
                cancel_id = self._cancel_ids.get(order.order_id)
                report = execution_report(recorded, order, str(closed.status), closed.status)
                yield order, report | end_fields(order, cancel_id)
            case OrderAmended() as amended:
                order = self._exchange.orders[amended.order_id]
                former = {"C": amended.former_client_id}
                yield order, execution_report(recorded, order, "REPLACED", order.status) | former
            case TradePrevented(taker=taker, maker=maker) as prevented:
                for lost, other in ((taker, maker), (maker, taker)):
                    if lost.quantity:
                        order = self._exchange.orders[lost.order_id]
                        report = execution_report(recorded, order, "TRADE_PREVENTION", lost.status)
                        yield order, report | prevented_fields(order, lost, other, prevented)
            case _:
                pass

    def _send(self, event: dict[str, Any], client_id: str) -> None:
        for subscription in self._subscriptions:
            frame = orjson.dumps({"subscriptionId": subscription.number, "event": event})
            if subscription.unit == MICROSECOND:
                frame = frame_in_microseconds(frame)
            lag_ms = subscription.shaper.lag_ms()
            for delivery in subscription.shaper.push(frame, client_id):
                if delivery.delay_ms:
                    subscription.outbox.put_later(delivery.delay_ms + lag_ms, delivery.frame)
                else:
                    subscription.outbox.put_in_order(delivery.frame, lag_ms)
