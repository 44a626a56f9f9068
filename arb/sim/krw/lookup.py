"""Orders as the owner of the key may look them up: one by its names, or those of a span of time."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from arb.domain.time import NS_PER_MS, NS_PER_S
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_kinds import FaultKind, FaultStage
from arb.sim.core.faults import Call
from arb.sim.core.orders import SimulatedOrder
from arb.sim.krw.errors import rejection
from arb.sim.krw.order_service import OrderService
from arb.sim.krw.orders import OrderView
from arb.sim.krw.parameters import Parameters
from arb.sim.krw.text import KST

WINDOW_NS: Final = 7 * 86_400 * NS_PER_S


class KrwLookup:
    """What finds orders; which endpoints there are is each venue's own."""

    def __init__(self, context: VenueContext, exchange: Exchange, service: OrderService) -> None:
        self._context = context
        self._exchange = exchange
        self._service = service

    def told(self, view: OrderView, body: dict[str, Any]) -> dict[str, Any]:
        """Return what is told of an order with its trades, less what a fault has told late."""
        if self._lags(FaultKind.LATE_TRADES, view):
            body["trades"] = body["trades"][:-1]
        return body | {"paid_fee": "0"} if self._lags(FaultKind.LATE_FEE, view) else body

    def _lags(self, kind: FaultKind, order: OrderView) -> bool:
        """Tell whether a planned fault has something of an order told late, and it is not that late yet."""
        fault = self._context.faults.standing(kind)
        if fault is None or not order.trades:
            return False
        is_late = self._context.now_ns() < order.trades[-1].ts_ns + fault.delay_ms * NS_PER_MS
        if is_late:
            self._context.faults.note(fault)
        return is_late

    def find(self, parameters: Parameters, uuid_name: str, identifier_name: str) -> SimulatedOrder:
        """Return the order a request names; uuid wins.

        Raises: KrwRejection (order_not_found), also while a fault keeps it from being seen.
        """
        uuid, identifier = parameters.get(uuid_name), parameters.get(identifier_name)
        if uuid is None and identifier is None:
            raise rejection("validation_error", f"{uuid_name} or {identifier_name} is missing")
        order = self.lookup(uuid, identifier)
        if order is None or self._is_hidden(order):
            raise rejection("order_not_found")
        return order

    def lookup(self, uuid: str | None, identifier: str | None) -> SimulatedOrder | None:
        """Return the order with that uuid, or else with that identifier."""
        if uuid is not None:
            return self._exchange.orders.get(uuid)
        return next(iter(self._exchange.with_client_id(identifier or "-")), None)

    def _is_hidden(self, order: SimulatedOrder) -> bool:
        call = Call(endpoint="GET /v1/order", client_id=order.request.client_id)
        fault = self._context.strike(FaultStage.LOOKUP, call)
        age_ns = self._context.clock.now_ns() - order.created_ns
        return fault is not None and (fault.delay_ms == 0 or age_ns < fault.delay_ms * NS_PER_MS)

    def open_orders(self, parameters: Parameters) -> list[SimulatedOrder]:
        """Return the orders clients may see as open, newest first unless asked, of one market or all."""
        return chosen(parameters, self._service.seen_open())

    def created(self, parameters: Parameters, start_ns: int, end_ns: int) -> Iterator[SimulatedOrder]:
        """Yield the orders of a market, or of all, that were created in a span of time."""
        found = self._exchange.orders.select(
            since_ns=start_ns, until_ns=end_ns, newest_first=_newest_first(parameters)
        )
        return (order for order in found if _is_of_market(parameters, order))

    def window(self, parameters: Parameters) -> tuple[int, int]:
        """Return the span of time that is asked about. Raises: KrwRejection (invalid_parameter)."""
        start_ns, end_ns = _time(parameters, "start_time"), _time(parameters, "end_time")
        if end_ns is None:
            end_ns = self._context.now_ns() if start_ns is None else start_ns + WINDOW_NS
        if start_ns is None:
            start_ns = end_ns - WINDOW_NS
        if not 0 <= end_ns - start_ns <= WINDOW_NS:
            raise rejection("invalid_parameter", "the window is at most 7 days")
        return start_ns, end_ns


def chosen(parameters: Parameters, orders: Iterable[SimulatedOrder]) -> list[SimulatedOrder]:
    """Return those of some orders that are asked for, in the order that is asked for."""
    found = [order for order in orders if _is_of_market(parameters, order)]
    return sorted(found, key=lambda order: order.number, reverse=_newest_first(parameters))


def _is_of_market(parameters: Parameters, order: SimulatedOrder) -> bool:
    return parameters.get("market") in (None, order.request.wire["market"])


def _newest_first(parameters: Parameters) -> bool:
    return parameters.get("order_by") != "asc"


def _time(parameters: Parameters, name: str) -> int | None:
    """Return a time given in ISO 8601 (Korean unless it says otherwise) or in milliseconds."""
    text = parameters.get(name)
    if text is None:
        return None
    if text.isdecimal():
        return int(text) * NS_PER_MS
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise rejection("invalid_parameter", f"{name} is not a time") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=KST)
    return int(moment.timestamp()) * NS_PER_S
