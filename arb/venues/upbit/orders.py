"""Requests to Upbit KR. Pure: key and nonce come in as a `Pass`.

Orders are limit IOC under our identifier, which Upbit takes once and never again. Parameters and groups:
docs/protocols/upbit.md.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from arb.domain.market.ids import Symbol
from arb.domain.market.instrument import Side
from arb.domain.market.money import ceil_to, floor_to, plain
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Order
from arb.venues.krw import requests
from arb.venues.krw.auth import Pass
from arb.venues.krw.instruments import LOT_STEP
from arb.venues.krw.names import venue_symbol
from arb.venues.krw.requests import SIDES, listed, private
from arb.venues.request import Effect, HttpRequest, HttpResponse, LimitUsage
from arb.venues.upbit.instruments import DEFAULT_TERMS

QUOTATION_GROUPS: Final = ("market", "ticker", "orderbook", "candle")
AWAY: Final = Decimal(2)
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
    return requests.place("/v1/orders", order_parameters(order), access)


def cancel(order: Order | ListedOrder, access: Pass) -> HttpRequest:
    """Return the request that asks to cancel an order."""
    return private("DELETE", "/v1/order", [("identifier", order.client_order_id)], access, Effect.CANCEL)


def query(order: Order, access: Pass) -> HttpRequest:
    """Return the request that asks about an order by our identifier."""
    return private("GET", "/v1/order", [("identifier", order.client_order_id)], access)


def open_orders(symbol: Symbol | None, page: int, access: Pass) -> HttpRequest:
    """Return the request for a page (from 1) of 100 open orders of one market or of all."""
    market = [] if symbol is None else [("market", venue_symbol(symbol))]
    rest = [("states[]", "wait"), ("states[]", "watch"), ("page", str(page)), ("limit", "100")]
    return private("GET", "/v1/orders/open", [*market, *rest], access)


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
    return private("GET", "/v1/orders/closed", parameters, access)


def markets() -> HttpRequest:
    """Return the request for every market with its warnings."""
    return HttpRequest(method="GET", path="/v1/market/all", query="is_details=true", group="market")


def tick_sizes(symbols: Sequence[Symbol]) -> HttpRequest:
    """Return the request for the price units in force."""
    return HttpRequest(
        method="GET", path="/v1/orderbook/instruments", query=listed(symbols), group="orderbook"
    )


def usage(response: HttpResponse) -> tuple[LimitUsage, ...]:
    """Return what a reply's `Remaining-Req` says; its `min` is a constant and means nothing."""
    match = REMAINING.search(response.headers.get("remaining-req", ""))
    return () if match is None else (LimitUsage(group=match[1], left=int(match[2])),)
