"""The signed calls on orders, the same for REST and the WebSocket API."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from arb.sim.binance import errors, render
from arb.sim.binance.filters import check_filters
from arb.sim.binance.limits import WeightLimits
from arb.sim.binance.lookup import BinanceLookup
from arb.sim.binance.order_form import parse_order
from arb.sim.binance.params import Params
from arb.sim.binance.public_trades import PublicTrades
from arb.sim.binance.symbols import TRADING, Symbol, symbol_name
from arb.sim.binance.wire import mid_of
from arb.sim.core.context import VenueContext
from arb.sim.core.events import OrderAccepted, OrderFilled
from arb.sim.core.exchange import Exchange, OrderRejection, RejectReason
from arb.sim.core.fault_kinds import FaultKind, FaultStage, Scope
from arb.sim.core.faults import Call
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import ZERO, OrderRequest, SimulatedOrder, Status

REJECTIONS = {
    RejectReason.INSUFFICIENT_BALANCE: "Account has insufficient balance for requested action.",
    RejectReason.WOULD_TAKE: "Order would immediately match and take.",
}
RESTRICTIONS = {"ONLY_NEW": Status.NEW, "ONLY_PARTIALLY_FILLED": Status.PARTIALLY_FILLED}


class OrderEntry:
    """Places, tests and cancels orders. `cancel_ids` has the id of the cancel at work."""

    def __init__(
        self,
        context: VenueContext,
        exchange: Exchange,
        symbols: Mapping[str, Symbol],
        limits: WeightLimits,
        trades: PublicTrades,
    ) -> None:
        self._context = context
        self._exchange = exchange
        self._symbols = symbols
        self._limits = limits
        self._trades = trades
        self._lookup = BinanceLookup(context, exchange, symbols)
        self.cancel_ids: dict[str, str] = {}

    def place(self, given: Params) -> dict[str, Any]:
        """Place an order; the answer's size is `newOrderRespType`."""
        request = self.checked(given)
        self._check_account(errors.engine_rejection)
        self._limits.check_orders()
        if any(order.is_open for order in self._exchange.with_client_id(request.client_id)):
            raise errors.engine_rejection("Duplicate order sent.")
        try:
            order = self._exchange.place(request, self._fill_cap(request))
        except OrderRejection as error:
            raise errors.engine_rejection(REJECTIONS[error.reason]) from None
        return self._answer(order, given)

    def test(self, given: Params) -> dict[str, Any]:
        """Check an order without placing it."""
        request = self.checked({"newClientOrderId": self.new_client_id(), **given})
        if given.get("computeCommissionRates") != "true":
            return {}
        rates = render.commission(symbol_name(request.coin), self._exchange.rules.fees.rate)
        return {
            "standardCommissionForOrder": rates["standardCommission"],
            "specialCommissionForOrder": rates["specialCommission"],
            "taxCommissionForOrder": rates["taxCommission"],
            "discount": rates["discount"],
        }

    def cancel(self, given: Params) -> dict[str, Any]:
        """Cancel one order, and return Binance's reply."""
        order = self._lookup.find(given, errors.cancel_unknown, errors.cancel_unknown)
        self._check_account(errors.cancel_rejection)
        if not order.is_open:
            raise errors.cancel_unknown()
        allowed = given.get("cancelRestrictions")
        if allowed is not None and allowed not in RESTRICTIONS:
            raise errors.BinanceError(-1145, "Invalid cancelRestrictions")
        if allowed is not None and order.status is not RESTRICTIONS[allowed]:
            raise errors.BinanceError(-2011, "Order was not canceled due to cancel restrictions.")
        return self._cancel(order, given.get("newClientOrderId"))

    def cancel_all(self, given: Params) -> list[dict[str, Any]]:
        """Cancel every open order of a symbol."""
        symbol = self._lookup.symbol(given)
        self._check_account(errors.cancel_rejection)
        orders = self._exchange.open_orders(symbol.coin.name)
        if not orders:
            raise errors.cancel_unknown()
        return [self._cancel(order, None) for order in orders]

    def on_event(self, recorded: Recorded) -> None:
        """Count an order while it has no fill. Listens to the engine."""
        fill = recorded.event
        if isinstance(fill, OrderAccepted):
            self._limits.count_order()
        if isinstance(fill, OrderFilled) and len(self._exchange.orders[fill.order_id].fill_ids) == 1:
            self._limits.order_traded()

    def new_client_id(self) -> str:
        """Return an id for a request that brought none."""
        return f"sim{self._context.rng.getrandbits(96):024x}"

    def checked(self, given: Params) -> OrderRequest:
        """Return the order that is asked for, if its form and the filters let it pass."""
        request = parse_order(given, self._symbols, self._context.clock.now_ns())
        symbol = self._symbols[symbol_name(request.coin)]
        if symbol.status != TRADING:
            raise errors.engine_rejection("Market is closed.")
        average = (
            self._trades.average(request.coin, self._context.clock.now_ns())
            or mid_of(self._exchange.book(request.coin))
            or request.price
            or ZERO
        )
        open_orders = len(self._exchange.open_orders(request.coin))
        check_filters(request, symbol, average, open_orders)
        return request

    def _check_account(self, rejection: Callable[[str], errors.BinanceError]) -> None:
        blocked = self._context.faults.standing(FaultKind.BLOCKED_ACCOUNT)
        if blocked is not None:
            self._context.faults.note(blocked)
            raise rejection("This account may not place or cancel orders.")

    def _fill_cap(self, request: OrderRequest) -> Decimal | None:
        call = Call(endpoint="POST /api/v3/order", scope=Scope.ORDER, client_id=request.client_id)
        if self._context.strike(FaultStage.MATCH, call) is None:
            return None
        return Decimal(f"{self._context.faults.fraction():.2f}")

    def _answer(self, order: SimulatedOrder, given: Params) -> dict[str, Any]:
        default = "ACK" if order.request.wire["type"] == "LIMIT_MAKER" else "FULL"
        match given.get("newOrderRespType", default):
            case "ACK":
                return render.ack(order)
            case "RESULT":
                return render.result(order)
            case _:
                fills = [fill for _, fill in self._lookup.fills_of(order)]
                return render.full(order, fills, self._lookup.prevented_of(order))

    def _cancel(self, order: SimulatedOrder, cancel_id: str | None) -> dict[str, Any]:
        self.cancel_ids[order.order_id] = cancel_id or self.new_client_id()
        self._exchange.cancel(order)
        return render.canceled(order, self.cancel_ids.pop(order.order_id))
