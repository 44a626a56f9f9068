"""From the parameters of POST /api/v3/order to an order request, or Binance's rejection. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from arb.sim.binance import errors, params
from arb.sim.binance.symbols import STP_DEFAULT, STP_MODES, Symbol
from arb.sim.core.orders import OrderRequest, OrderSide, TimeInForce

READ: Final = frozenset(
    {
        "symbol", "side", "type", "timeInForce", "quantity", "quoteOrderQty", "price", "newClientOrderId",
        "newOrderRespType", "selfTradePreventionMode", "strategyId", "strategyType", "recvWindow",
        "timestamp", "signature", "apiKey", "computeCommissionRates", "returnRateLimits",
    }
)  # fmt: skip
MADE_UP: Final = "\0made up"  # names a parameter that the client did not send
STRATEGY_TYPE_MIN: Final = 1_000_000
TYPES: Final = frozenset({"LIMIT", "MARKET", "LIMIT_MAKER"})
LIMIT_TIMES: Final = {"GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}
RESPONSE_TYPES: Final = frozenset({"ACK", "RESULT", "FULL"})


def parse_order(given: params.Params, symbols: Mapping[str, Symbol], received_ns: int) -> OrderRequest:
    """Return the order that `given` asks for; raises BinanceError."""
    symbol = symbol_of(given, symbols)
    side, kind = _choice(given, "side", OrderSide, -1117, "Invalid side."), _kind(given)
    if given.get("newOrderRespType", "FULL") not in RESPONSE_TYPES:
        raise errors.BinanceError(-1100, "Illegal characters found in parameter 'newOrderRespType'.")
    sent = [name for name in given if name not in (MADE_UP, given.get(MADE_UP))]
    unknown = [name for name in sent if name not in READ]
    if unknown:
        raise errors.unread(len(sent) - len(unknown), len(sent))
    mode = given.get("selfTradePreventionMode", STP_DEFAULT)
    if mode not in STP_MODES:
        raise errors.BinanceError(
            -1013, "This symbol does not allow the specified self-trade prevention mode."
        )
    price, quantity, quote = _amounts(given, kind)
    return OrderRequest(
        coin=symbol.coin.name,
        side=side,
        client_id=params.client_id(given, "newClientOrderId"),
        time_in_force=_time_in_force(given, kind),
        received_ns=received_ns,
        price=price,
        quantity=quantity,
        quote_quantity=quote,
        self_trade=STP_MODES[mode],
        wire={"type": kind, "selfTradePreventionMode": mode} | _strategy(given),
    )


def _strategy(given: params.Params) -> dict[str, str]:
    """Return what the client says of its strategy; the venue only repeats it."""
    numbers = {name: params.integer(given, name) for name in ("strategyId", "strategyType")}
    kind = numbers["strategyType"]
    if kind is not None and kind < STRATEGY_TYPE_MIN:
        raise errors.BinanceError(-1134, "strategyType was less than 1000000.")
    return {name: str(number) for name, number in numbers.items() if number is not None}


def symbol_of(given: params.Params, symbols: Mapping[str, Symbol]) -> Symbol:
    """Return the symbol named in `given`."""
    name = params.require(given, "symbol")
    if name not in symbols:
        raise errors.BinanceError(-1121, "Invalid symbol.")
    return symbols[name]


def _kind(given: params.Params) -> str:
    kind = params.require(given, "type")
    if kind not in TYPES:
        raise errors.BinanceError(-1116, "Invalid orderType.")
    return kind


def _choice(given: params.Params, name: str, choices: type[OrderSide], code: int, message: str) -> OrderSide:
    value = params.require(given, name)
    if value not in choices.__members__:
        raise errors.BinanceError(code, message)
    return choices(value)


def _time_in_force(given: params.Params, kind: str) -> TimeInForce:
    if kind == "LIMIT":
        value = params.require(given, "timeInForce")
        if value not in LIMIT_TIMES:
            raise errors.BinanceError(-1115, "Invalid timeInForce.")
        return LIMIT_TIMES[value]
    if "timeInForce" in given:
        raise errors.not_required("timeInForce")
    return TimeInForce.IOC if kind == "MARKET" else TimeInForce.POST_ONLY


def _amounts(given: params.Params, kind: str) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return price, quantity and quote quantity, of which the type decides what must be there."""
    if kind != "MARKET":
        if "quoteOrderQty" in given:
            raise errors.not_required("quoteOrderQty")
        quantity = params.amount(given, "quantity")
        return params.amount(given, "price"), quantity, None
    if "price" in given:
        raise errors.not_required("price")
    if "quoteOrderQty" not in given:
        return None, params.amount(given, "quantity"), None
    if "quantity" in given:
        raise errors.not_required("quantity")
    return None, None, params.amount(given, "quoteOrderQty")
