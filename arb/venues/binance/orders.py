"""Requests to Binance spot. Pure: time and key come in as a `RequestStamp`.

Orders are LIMIT IOC with a FULL reply: nothing can rest, and the fills come with the answer. Weights
and parameters: docs/protocols/binance.md.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from arb.domain.market.ids import Symbol
from arb.domain.market.instrument import Side
from arb.domain.market.money import plain
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Order
from arb.venues.binance.auth import RequestStamp, signed
from arb.venues.binance.names import venue_symbol
from arb.venues.request import Effect, HttpRequest, HttpResponse, LimitUsage

ORDER_GROUP: Final = "order"
WEIGHT_GROUP: Final = "weight"
ORDER_PATH: Final = "/api/v3/order"
SIDES: Final = {Side.BUY: "BUY", Side.SELL: "SELL"}
USAGE_HEADERS: Final = {
    WEIGHT_GROUP: "x-mbx-used-weight-1m",
    ORDER_GROUP: "x-mbx-order-count-10s",
}


def order_parameters(order: Order) -> dict[str, str]:
    """Return an order as Binance wants it."""
    return {
        "symbol": venue_symbol(order.symbol),
        "side": SIDES[order.side],
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": plain(order.quantity),
        "price": plain(order.limit_price),
        "newClientOrderId": order.client_order_id,
        "newOrderRespType": "FULL",
    }


def place(order: Order, stamp: RequestStamp) -> HttpRequest:
    """Return the request that places an order; its parameters travel in the body."""
    return HttpRequest(
        method="POST",
        path=ORDER_PATH,
        body=signed(order_parameters(order), stamp).encode(),
        headers={**stamp.headers, "Content-Type": "application/x-www-form-urlencoded"},
        group=ORDER_GROUP,
        effect=Effect.PLACE,
    )


def cancel(order: Order | ListedOrder, stamp: RequestStamp) -> HttpRequest:
    """Return the request that cancels an order."""
    return HttpRequest(
        method="DELETE",
        path=ORDER_PATH,
        query=signed(_named(order), stamp),
        headers=stamp.headers,
        effect=Effect.CANCEL,
    )


def query(order: Order, stamp: RequestStamp) -> HttpRequest:
    """Return the request that asks about an order by our id."""
    return _private(ORDER_PATH, _named(order), stamp, weight=4)


def trades_of(symbol: Symbol, venue_order_id: str, first: int, stamp: RequestStamp) -> HttpRequest:
    """Return the request for the oldest fills of one order from a trade on; else they are the newest."""
    parameters = {
        "symbol": venue_symbol(symbol),
        "orderId": venue_order_id,
        "fromId": str(first),
        "limit": "1000",
    }
    return _private("/api/v3/myTrades", parameters, stamp, weight=5)


def open_orders(symbol: Symbol | None, stamp: RequestStamp) -> HttpRequest:
    """Return the request for the open orders of one market or of all."""
    parameters = {} if symbol is None else {"symbol": venue_symbol(symbol)}
    return _private("/api/v3/openOrders", parameters, stamp, weight=80 if symbol is None else 6)


def all_orders(symbol: Symbol, start_ms: int, end_ms: int, stamp: RequestStamp) -> HttpRequest:
    """Return the request for the oldest orders of a market created in a window of at most 24 hours."""
    window = {"startTime": str(start_ms), "endTime": str(end_ms), "limit": "1000"}
    return _private("/api/v3/allOrders", {"symbol": venue_symbol(symbol), **window}, stamp, weight=20)


def orders_from(symbol: Symbol, first: int, stamp: RequestStamp) -> HttpRequest:
    """Return the request for the oldest orders of a market from an order on."""
    parameters = {"symbol": venue_symbol(symbol), "orderId": str(first), "limit": "1000"}
    return _private("/api/v3/allOrders", parameters, stamp, weight=20)


def account(stamp: RequestStamp) -> HttpRequest:
    """Return the request for the balances."""
    return _private("/api/v3/account", {"omitZeroBalances": "true"}, stamp, weight=20)


def commission(symbol: Symbol, stamp: RequestStamp) -> HttpRequest:
    """Return the request for the account's fee rates in one market."""
    return _private("/api/v3/account/commission", {"symbol": venue_symbol(symbol)}, stamp, weight=20)


def exchange_info(symbols: Sequence[Symbol]) -> HttpRequest:
    """Return the request for the rules of some markets."""
    names = json.dumps([venue_symbol(symbol) for symbol in symbols], separators=(",", ":"))
    query_text = urlencode({"symbols": names})
    return HttpRequest(method="GET", path="/api/v3/exchangeInfo", query=query_text, weight=20)


def day_tickers() -> HttpRequest:
    """Return the request for what was traded of every market within a day."""
    return HttpRequest(method="GET", path="/api/v3/ticker/24hr", query="type=MINI", weight=80)


def server_time() -> HttpRequest:
    """Return the request for the venue's clock."""
    return HttpRequest(method="GET", path="/api/v3/time")


def usage(response: HttpResponse) -> tuple[LimitUsage, ...]:
    """Return what a reply's headers say of the limits."""
    found = ((group, response.headers.get(name, "")) for group, name in USAGE_HEADERS.items())
    return tuple(LimitUsage(group=group, used=int(text)) for group, text in found if text.isdecimal())


def _private(path: str, parameters: Mapping[str, str], stamp: RequestStamp, *, weight: int) -> HttpRequest:
    text = signed(parameters, stamp)
    return HttpRequest(method="GET", path=path, query=text, headers=stamp.headers, weight=weight)


def _named(order: Order | ListedOrder) -> dict[str, str]:
    return {"symbol": venue_symbol(order.symbol), "origClientOrderId": order.client_order_id}
