"""Requests to Upbit KR. Pure: key and nonce come in as a `Pass`.

Orders are limit IOC under our identifier, which Upbit takes once and never again. Parameters and groups:
exchange_protocols.md 2.3, 2.4 and 2.6.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from arb.domain.market.ids import Symbol
from arb.domain.market.instrument import Side
from arb.domain.market.money import ceil_to, floor_to, plain
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Order
from arb.venues.jwt import Parameters, hashed_text
from arb.venues.krw.names import venue_symbol
from arb.venues.request import Effect, HttpRequest, HttpResponse, Usage
from arb.venues.upbit.auth import Pass, bearer
from arb.venues.upbit.instruments import DEFAULT_TERMS, LOT_STEP

ORDER_GROUP: Final = "order"
DEFAULT_GROUP: Final = "default"
QUOTATION_GROUPS: Final = ("market", "ticker", "orderbook", "candle")
AWAY: Final = Decimal(2)
SIDES: Final = {Side.BUY: "bid", Side.SELL: "ask"}
REMAINING: Final = re.compile(r"group=([a-z-]+);.*\bsec=([0-9]+)", re.ASCII)


def order_parameters(order: Order) -> dict[str, str]:
    """Return an order as Upbit wants it; the same order gives the same body, whenever it is made."""
    return {
        "market": venue_symbol(order.symbol),
        "side": SIDES[order.side],
        "ord_type": "limit",
        "volume": plain(order.quantity),
        "price": plain(order.limit_price),
        "time_in_force": "ioc",
        "identifier": order.client_order_id,
    }


def unfillable(order: Order) -> Order:
    """Return the same order at a price that nobody takes: under half of it for a buy, over twice for a sell.

    Of the price two digits are kept, a multiple of any price unit that Upbit has. The quantity is raised to
    what the least total takes at that price.
    """
    is_buy = order.side is Side.BUY
    away = order.limit_price / AWAY if is_buy else order.limit_price * AWAY
    step = Decimal(1).scaleb(away.adjusted() - 1)
    price = floor_to(away, step) if is_buy else ceil_to(away, step)
    quantity = max(order.quantity, ceil_to(DEFAULT_TERMS.notional_min / price, LOT_STEP))
    return replace(order, limit_price=price, quantity=quantity)


def place(order: Order, access: Pass) -> HttpRequest:
    """Return the request that places an order."""
    parameters = order_parameters(order)
    return HttpRequest(
        method="POST",
        path="/v1/orders",
        body=json.dumps(parameters, separators=(",", ":")).encode(),
        headers={
            **bearer(access, hashed_text(parameters.items())),
            "Content-Type": "application/json; charset=utf-8",
        },
        group=ORDER_GROUP,
        effect=Effect.PLACE,
    )


def cancel(order: Order | ListedOrder, access: Pass) -> HttpRequest:
    """Return the request that asks to cancel an order."""
    return _private("DELETE", "/v1/order", [("identifier", order.client_order_id)], access, Effect.CANCEL)


def query(order: Order, access: Pass) -> HttpRequest:
    """Return the request that asks about an order by our identifier."""
    return _private("GET", "/v1/order", [("identifier", order.client_order_id)], access)


def query_uuid(venue_order_id: str, access: Pass) -> HttpRequest:
    """Return the request that asks about an order by the venue's id."""
    return _private("GET", "/v1/order", [("uuid", venue_order_id)], access)


def open_orders(symbol: Symbol | None, page: int, access: Pass) -> HttpRequest:
    """Return the request for a page (from 1) of 100 open orders of one market or of all."""
    market = [] if symbol is None else [("market", venue_symbol(symbol))]
    rest = [("states[]", "wait"), ("states[]", "watch"), ("page", str(page)), ("limit", "100")]
    return _private("GET", "/v1/orders/open", [*market, *rest], access)


def closed_orders(symbol: Symbol, start_ms: int, end_ms: int, access: Pass) -> HttpRequest:
    """Return the request for the oldest ended orders of a market created in a window of at most 7 days."""
    parameters = [
        ("market", venue_symbol(symbol)),
        ("states[]", "done"),
        ("states[]", "cancel"),
        ("start_time", str(start_ms)),
        ("end_time", str(end_ms)),
        ("order_by", "asc"),
        ("limit", "1000"),
    ]
    return _private("GET", "/v1/orders/closed", parameters, access)


def accounts(access: Pass) -> HttpRequest:
    """Return the request for the balances."""
    return _private("GET", "/v1/accounts", [], access)


def chance(symbol: Symbol, access: Pass) -> HttpRequest:
    """Return the request for the account's fees and limits in one market."""
    return _private("GET", "/v1/orders/chance", [("market", venue_symbol(symbol))], access)


def markets() -> HttpRequest:
    """Return the request for every market with its warnings."""
    return HttpRequest(method="GET", path="/v1/market/all", query="is_details=true", group="market")


def tick_sizes(symbols: Sequence[Symbol]) -> HttpRequest:
    """Return the request for the price units in force."""
    text = _listed(symbols)
    return HttpRequest(method="GET", path="/v1/orderbook/instruments", query=text, group="orderbook")


def tickers(symbols: Sequence[Symbol]) -> HttpRequest:
    """Return the request for the last prices."""
    return HttpRequest(method="GET", path="/v1/ticker", query=_listed(symbols), group="ticker")


def usage(response: HttpResponse) -> tuple[Usage, ...]:
    """Return what a reply's `Remaining-Req` says; its `min` is a constant and means nothing."""
    match = REMAINING.search(response.headers.get("remaining-req", ""))
    return () if match is None else (Usage(group=match[1], left=int(match[2])),)


def _private(
    method: str, path: str, parameters: Parameters, access: Pass, effect: Effect = Effect.READ
) -> HttpRequest:
    pairs = list(parameters)
    return HttpRequest(
        method=method,
        path=path,
        query=urlencode(pairs, safe="[]"),
        headers=bearer(access, hashed_text(pairs)),
        group=DEFAULT_GROUP,
        effect=effect,
    )


def _listed(symbols: Sequence[Symbol]) -> str:
    return urlencode({"markets": ",".join(venue_symbol(symbol) for symbol in symbols)}, safe=",")
