"""Requests to Bithumb. Pure: key, nonce and moment come in as a `StampedPass`.

Orders are limit IOC under our `client_order_id`. Whether Bithumb takes one a second time is not known, so
that no order is ever sent again. Paths and parameters: docs/protocols/bithumb.md.
"""

from collections.abc import Sequence
from typing import Final

from arb.domain.market.ids import Symbol
from arb.domain.market.money import plain
from arb.domain.trading.external import ListedOrder
from arb.domain.trading.order import Order
from arb.venues.krw import requests
from arb.venues.krw.auth import StampedPass
from arb.venues.krw.names import venue_symbol
from arb.venues.krw.requests import SIDES, private
from arb.venues.request import Effect, HttpRequest, HttpResponse, LimitUsage

QUOTATION_GROUP: Final = "quotation"
PAGE_ROWS: Final = {"pending": 100, "history": 1_000}


def _order_parameters(order: Order) -> dict[str, str]:
    """Return an order as Bithumb wants it."""
    return {
        "market": venue_symbol(order.symbol),
        "side": SIDES[order.side],
        "order_type": "limit",
        "volume": plain(order.quantity),
        "price": plain(order.limit_price),
        "time_in_force": "ioc",
        "client_order_id": order.client_order_id,
    }


def place(order: Order, access: StampedPass) -> HttpRequest:
    """Return the request that places an order."""
    return requests.place("/v2/orders", _order_parameters(order), access)


def cancel(order: Order | ListedOrder, access: StampedPass) -> HttpRequest:
    """Return the request that asks to cancel an order."""
    named = [("client_order_id", order.client_order_id)]
    return private("DELETE", "/v2/order", named, access, Effect.CANCEL)


def query(order: Order, access: StampedPass) -> HttpRequest:
    """Return the request that asks about an order by our id."""
    return private("GET", "/v1/order", [("client_order_id", order.client_order_id)], access)


def pending(symbol: Symbol | None, next_key: str, access: StampedPass) -> HttpRequest:
    """Return the request for a page of the open orders of one market or of all; the first key is ""."""
    market = [] if symbol is None else [("market", venue_symbol(symbol))]
    return _page("pending", market, next_key, access)


def history(symbol: Symbol, start_ms: int, end_ms: int, next_key: str, access: StampedPass) -> HttpRequest:
    """Return the request for a page of the ended orders of a market, of a window of at most 7 days."""
    window = [
        ("market", venue_symbol(symbol)),
        ("start_time", str(start_ms)),
        ("end_time", str(end_ms)),
    ]
    return _page("history", window, next_key, access)


def markets() -> HttpRequest:
    """Return the request for every market with its warning."""
    return HttpRequest(method="GET", path="/v1/market/all", query="isDetails=true", group=QUOTATION_GROUP)


def usage(_response: HttpResponse) -> tuple[LimitUsage, ...]:
    """Return nothing: no reply is known to say what of a limit is left."""
    return ()


def _page(
    what: str, parameters: Sequence[tuple[str, str]], next_key: str, access: StampedPass
) -> HttpRequest:
    paged = [*parameters, ("limit", str(PAGE_ROWS[what])), ("order_by", "asc")]
    return private(
        "GET", f"/v2/orders/{what}", [*paged, *([("next_key", next_key)] if next_key else [])], access
    )
