"""Orders, fills and balances in the shapes of Binance's REST and WebSocket API answers. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from arb.sim.binance.symbols import STP_DEFAULT, symbol_name
from arb.sim.binance.wire import ZERO_TEXT, milliseconds, text
from arb.sim.core.accounts import Balance
from arb.sim.core.events import OrderAmended, OrderFilled, TradePrevented
from arb.sim.core.exchange import EndReason
from arb.sim.core.journal import Recorded
from arb.sim.core.orders import ZERO, OrderSide, SimulatedOrder, TimeInForce

EXPIRY_REASONS: Final[dict[str, str]] = {
    EndReason.IOC_REMAINDER: "UNFILLED_IOC_QUANTITY_EXPIRED",
    EndReason.FOK_UNFILLED: "UNFILLED_FOK_ORDER_EXPIRED",
    EndReason.NO_LIQUIDITY: "INSUFFICIENT_LIQUIDITY",
    EndReason.RESTART: "EXCHANGE_CANCELED",
}


def wire_time_in_force(order: SimulatedOrder) -> str:
    """Return timeInForce as Binance reports it: MARKET and LIMIT_MAKER say GTC."""
    given = order.request.time_in_force
    is_limit = order.request.wire["type"] == "LIMIT"
    return str(given) if is_limit else str(TimeInForce.GTC)


def original_quantity(order: SimulatedOrder) -> Decimal:
    """Return origQty; an order given in quote reports what it executed."""
    return order.executed if order.request.quantity is None else order.request.quantity


def strategy(order: SimulatedOrder, id_name: str, type_name: str) -> dict[str, int]:
    """Return what the client said of its strategy, under these names."""
    names = {"strategyId": id_name, "strategyType": type_name}
    wire = order.request.wire
    return {short: int(wire[name]) for name, short in names.items() if name in wire}


def prevention_mode(order: SimulatedOrder) -> str:
    """Return how the order asked to be kept from trading with another one of its account."""
    return order.request.wire.get("selfTradePreventionMode", STP_DEFAULT)


def _core(order: SimulatedOrder) -> dict[str, Any]:
    """The part that every order shape shares."""
    request = order.request
    shape = {
        "symbol": symbol_name(request.coin),
        "orderId": int(order.order_id),
        "orderListId": -1,
        "clientOrderId": request.client_id,
        "price": text(request.price or ZERO),
        "origQty": text(original_quantity(order)),
        "executedQty": text(order.executed),
        "origQuoteOrderQty": text(request.quote_quantity or ZERO),
        "cummulativeQuoteQty": text(order.executed_quote),
        "status": str(order.status),
        "timeInForce": wire_time_in_force(order),
        "type": request.wire["type"],
        "side": str(request.side),
        "selfTradePreventionMode": prevention_mode(order),
    }
    if order.reason in EXPIRY_REASONS:
        shape["expiryReason"] = EXPIRY_REASONS[order.reason]
    if order.prevented:
        shape["preventedMatchId"] = order.prevented_ids[-1]
        shape["preventedQuantity"] = text(order.prevented)
    return shape | strategy(order, "strategyId", "strategyType")


def ack(order: SimulatedOrder) -> dict[str, Any]:
    """Return the ACK answer to a new order."""
    return {
        "symbol": symbol_name(order.request.coin),
        "orderId": int(order.order_id),
        "orderListId": -1,
        "clientOrderId": order.request.client_id,
        "transactTime": milliseconds(order.created_ns),
    }


def result(order: SimulatedOrder) -> dict[str, Any]:
    """Return the RESULT answer to a new order."""
    created_ms = milliseconds(order.created_ns)
    return _core(order) | {"transactTime": created_ms, "workingTime": created_ms}


def full(
    order: SimulatedOrder, fills: Iterable[OrderFilled], matches: Iterable[TradePrevented]
) -> dict[str, Any]:
    """Return the FULL answer to a new order, with its executions and those that were prevented."""
    kept = [_prevented_match(match) for match in matches]
    shape = result(order) | {
        "fills": [
            {
                "price": text(fill.price),
                "qty": text(fill.quantity),
                "commission": text(fill.fee),
                "commissionAsset": fill.fee_asset,
                "tradeId": int(fill.fill_id),
            }
            for fill in fills
        ]
    }
    return shape | ({"preventedMatches": kept} if kept else {})


def _prevented_match(match: TradePrevented) -> dict[str, Any]:
    """Return what a prevented trade took off each side; a side that went on is left out."""
    shape: dict[str, Any] = {"preventedMatchId": match.number, "makerOrderId": int(match.maker.order_id)}
    shape["price"] = text(match.price)
    for name, lost in (("takerPreventedQuantity", match.taker), ("makerPreventedQuantity", match.maker)):
        if lost.quantity:
            shape[name] = text(lost.quantity)
    return shape


def prevented_match(recorded: Recorded, match: TradePrevented, taker: SimulatedOrder) -> dict[str, Any]:
    """Return a prevented trade as myPreventedMatches lists it."""
    return _prevented_match(match) | {
        "symbol": symbol_name(match.coin),
        "takerOrderId": int(match.taker.order_id),
        "tradeGroupId": -1,
        "selfTradePreventionMode": prevention_mode(taker),
        "transactTime": milliseconds(recorded.ts_ns),
    }


def amended(recorded: Recorded, order: SimulatedOrder, former: str) -> dict[str, Any]:
    """Return the answer to an amendment; `former` is the client id before."""
    core = _core(order)
    names = {
        "origQty": "qty",
        "cummulativeQuoteQty": "cumulativeQuoteQty",
        "origQuoteOrderQty": "quoteOrderQty",
    }
    shape = {names.get(name, name): value for name, value in core.items()}
    at_ms = milliseconds(recorded.ts_ns)
    shape |= {
        "origClientOrderId": former,
        "preventedQty": text(order.prevented),
        "workingTime": milliseconds(order.created_ns),
    }
    return {"transactTime": at_ms, "executionId": recorded.seq, "amendedOrder": shape}


def amendment(recorded: Recorded, change: OrderAmended, symbol: str) -> dict[str, Any]:
    """Return one line of an order's amendments."""
    return {
        "symbol": symbol,
        "orderId": int(change.order_id),
        "executionId": recorded.seq,
        "origClientOrderId": change.former_client_id,
        "newClientOrderId": change.client_id,
        "origQty": text(change.former_quantity),
        "newQty": text(change.quantity),
        "time": milliseconds(recorded.ts_ns),
    }


def query(order: SimulatedOrder) -> dict[str, Any]:
    """Return an order as GET order, openOrders and allOrders show it."""
    created_ms = milliseconds(order.created_ns)
    return _core(order) | {
        "stopPrice": ZERO_TEXT,
        "icebergQty": ZERO_TEXT,
        "time": created_ms,
        "updateTime": milliseconds(order.updated_ns),
        "isWorking": True,
        "workingTime": created_ms,
    }


def canceled(order: SimulatedOrder, cancel_id: str) -> dict[str, Any]:
    """Return the answer to a cancel: clientOrderId is the cancel's own id."""
    return _core(order) | {
        "origClientOrderId": order.request.client_id,
        "clientOrderId": cancel_id,
        "transactTime": milliseconds(order.updated_ns),
    }


def trade(recorded: Recorded, fill: OrderFilled) -> dict[str, Any]:
    """Return a fill as myTrades shows it."""
    return {
        "symbol": fill.symbol,
        "id": int(fill.fill_id),
        "orderId": int(fill.order_id),
        "orderListId": -1,
        "price": text(fill.price),
        "qty": text(fill.quantity),
        "quoteQty": text(fill.price * fill.quantity),
        "commission": text(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": milliseconds(recorded.ts_ns),
        "isBuyer": fill.side is OrderSide.BUY,
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def account(balances: Mapping[str, Balance], rate: Decimal, update_ms: int, omit_zero: str) -> dict[str, Any]:
    """Return the account answer; commission rates are fractions, the old fields basis points."""
    basis_points = int(rate * 10_000)
    rates = {"maker": text(rate), "taker": text(rate), "buyer": ZERO_TEXT, "seller": ZERO_TEXT}
    return {
        "makerCommission": basis_points,
        "takerCommission": basis_points,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": rates,
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": update_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": text(balance.free), "locked": text(balance.locked)}
            for asset, balance in balances.items()
            if omit_zero != "true" or balance.free + balance.locked > 0
        ],
        "permissions": ["SPOT"],
    }


def commission(symbol: str, rate: Decimal) -> dict[str, Any]:
    """Return the account/commission answer; no discount, no tax."""
    nothing = {"maker": ZERO_TEXT, "taker": ZERO_TEXT, "buyer": ZERO_TEXT, "seller": ZERO_TEXT}
    return {
        "symbol": symbol,
        "standardCommission": nothing | {"maker": text(rate), "taker": text(rate)},
        "specialCommission": nothing,
        "taxCommission": nothing,
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": "0.75000000",
        },
    }
