"""The signed calls that change an order: another one in its place, or less of the same."""

from decimal import Decimal
from typing import Any, Final

from arb.sim.binance import errors, params, render
from arb.sim.binance.filters import check_quantity
from arb.sim.binance.limits import WeightLimits
from arb.sim.binance.lookup import BinanceLookup
from arb.sim.binance.params import Params
from arb.sim.binance.symbols import AMENDS_MAX
from arb.sim.binance.trading import OrderEntry
from arb.sim.core.exchange import Exchange
from arb.sim.core.orders import SimulatedOrder

MODES: Final = frozenset({"STOP_ON_FAILURE", "ALLOW_FAILURE"})
OVER_LIMIT: Final = frozenset({"DO_NOTHING", "CANCEL_ONLY"})
OF_THE_CANCEL: Final = {
    "cancelNewClientOrderId": "newClientOrderId",
    "cancelOrigClientOrderId": "origClientOrderId",
    "cancelOrderId": "orderId",
    "cancelRestrictions": "cancelRestrictions",
}
OF_BOTH: Final = frozenset({"cancelReplaceMode", "orderRateLimitExceededMode"})


class Replacing:
    """Cancel-replace and amend-keep-priority, and the list of amendments."""

    def __init__(
        self, exchange: Exchange, trading: OrderEntry, lookup: BinanceLookup, limits: WeightLimits
    ) -> None:
        self._exchange = exchange
        self._trading = trading
        self._lookup = lookup
        self._limits = limits

    def replace(self, given: Params) -> dict[str, Any]:
        """Cancel an order and place another. Form, filters and order count are judged before either."""
        mode = params.require(given, "cancelReplaceMode")
        over = given.get("orderRateLimitExceededMode", "DO_NOTHING")
        for name, value, known in (
            ("cancelReplaceMode", mode, MODES),
            ("orderRateLimitExceededMode", over, OVER_LIMIT),
        ):
            if value not in known:
                raise errors.BinanceError(-1100, f"Illegal characters found in parameter '{name}'.")
        new = {name: value for name, value in given.items() if name not in OF_THE_CANCEL.keys() | OF_BOTH}
        old = {"symbol": params.require(given, "symbol")}
        old |= {name: given[sent] for sent, name in OF_THE_CANCEL.items() if sent in given}
        self._trading.checked(new)
        try:
            self._limits.check_orders()
        except errors.BinanceError:
            if over == "CANCEL_ONLY":
                self._trading.cancel(old)
            raise
        return self._both(old, new, mode)

    def _both(self, old: Params, new: Params, mode: str) -> dict[str, Any]:
        halves: dict[str, Any] = {"cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED"}
        halves |= {"cancelResponse": None, "newOrderResponse": None}
        try:
            halves |= {"cancelResponse": self._trading.cancel(old), "cancelResult": "SUCCESS"}
        except errors.BinanceError as error:
            halves["cancelResponse"] = error.body()
            if mode == "STOP_ON_FAILURE":
                self._limits.count_order()  # one that was not attempted counts, too
                raise errors.ReplaceFailed(halves) from None
        try:
            halves |= {"newOrderResponse": self._trading.place(new), "newOrderResult": "SUCCESS"}
        except errors.BinanceError as error:
            halves |= {"newOrderResponse": error.body(), "newOrderResult": "FAILURE"}
        if "FAILURE" in halves.values():
            raise errors.ReplaceFailed(halves)
        return halves

    def amend(self, given: Params) -> dict[str, Any]:
        """Let an open order ask for less; it keeps its place at its price."""
        order = self._lookup.find(given, _unknown, _unknown)
        quantity = params.amount(given, "newQty")
        former = order.request.client_id
        name = params.client_id(given, "newClientOrderId") if "newClientOrderId" in given else ""
        self._check_amend(order, quantity)
        check_quantity(order.request, quantity, self._lookup.symbol(given))
        others = [one for one in self._exchange.with_client_id(name) if one is not order]
        if name and any(one.is_open for one in others):
            raise errors.amend_rejection("Duplicate order sent.")
        self._exchange.amend(order, quantity, name or self._trading.new_client_id())
        return render.amended(self._exchange.records.amended[order.order_id][-1], order, former)

    def _check_amend(self, order: SimulatedOrder, quantity: Decimal) -> None:
        """Raise what an amendment of this order to that quantity is rejected with."""
        if not order.is_open:
            raise _unknown()
        if quantity == order.request.quantity:
            raise errors.amend_rejection("The requested action would change no state; rejecting.")
        if quantity > (order.request.quantity or 0):
            raise errors.amend_rejection("Order amend (quantity increase) is not supported.")
        if quantity <= order.spent:
            raise errors.filter_failure("LOT_SIZE")
        if len(self._exchange.records.amended.get(order.order_id, ())) >= AMENDS_MAX:
            raise errors.amend_rejection("Filter failure: MAX_NUM_ORDER_AMENDS")


def _unknown() -> errors.BinanceError:
    return errors.amend_rejection("Unknown order sent.")
