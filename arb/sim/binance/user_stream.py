"""User data subscriptions: engine events to every connection that subscribed. Nothing is replayed."""

from collections.abc import Mapping
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
)
from arb.sim.core.events import MovedOutside, OrderAccepted, OrderClosed, OrderFilled
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_stream import PrivateShaper
from arb.sim.core.faults import FaultPlan
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import Order, Status
from arb.sim.core.sockets import Outbox


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Subscription:
    """One connection's subscription to the account's events."""

    number: int
    outbox: Outbox
    shaper: PrivateShaper
    unit: str = ""  # of times: MICROSECOND, or else milliseconds


class UserStream:
    """Listens to the engine and tells the subscribers."""

    def __init__(self, exchange: Exchange, faults: FaultPlan, cancel_ids: Mapping[str, str]) -> None:
        self._exchange = exchange
        self._faults = faults
        self._cancel_ids = cancel_ids
        self._subscriptions: list[Subscription] = []

    def add(self, outbox: Outbox, number: int, unit: str) -> Subscription:
        """Subscribe a connection."""
        shaper = PrivateShaper(self._faults, "userDataStream")
        subscription = Subscription(number=number, outbox=outbox, shaper=shaper, unit=unit)
        self._subscriptions.append(subscription)
        return subscription

    def remove(self, subscription: Subscription) -> None:
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
        if not self._subscriptions or not isinstance(event, OrderAccepted | OrderFilled | OrderClosed):
            return
        order = self._exchange.orders[event.order_id]
        report = self._report(recorded, order)
        self._send(report, order.request.client_id)
        assets = (order.request.coin, QUOTE)
        balances = {asset: self._exchange.balance(asset) for asset in assets}
        self._send(account_position(recorded, balances), order.request.client_id)

    def _report(self, recorded: Recorded, order: Order) -> dict[str, Any]:
        event = recorded.event
        if isinstance(event, OrderFilled):
            return execution_report(recorded, order, "TRADE", event.status) | fill_fields(event)
        if isinstance(event, OrderClosed):
            kind = "TRADE_PREVENTION" if event.status is Status.EXPIRED_IN_MATCH else str(event.status)
            cancel_id = self._cancel_ids.get(order.order_id)
            return execution_report(recorded, order, kind, event.status) | end_fields(order, cancel_id)
        return execution_report(recorded, order, "NEW", Status.NEW)

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
