"""Requests that venues which quote in KRW take in the same form. Pure: who asks comes in as a `Pass`."""

import json
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from arb.domain.market.ids import Symbol
from arb.domain.market.instrument import Side
from arb.venues.jwt import Parameters, hashed_text
from arb.venues.krw.auth import Pass, bearer
from arb.venues.krw.names import venue_symbol
from arb.venues.request import Effect, HttpRequest

ORDER_GROUP: Final = "order"
DEFAULT_GROUP: Final = "default"
SIDES: Final = {Side.BUY: "bid", Side.SELL: "ask"}


def place(path: str, parameters: Mapping[str, str], access: Pass) -> HttpRequest:
    """Return the request that places an order."""
    return HttpRequest(
        method="POST",
        path=path,
        body=json.dumps(parameters, separators=(",", ":")).encode(),
        headers={
            **bearer(access, hashed_text(parameters.items())),
            "Content-Type": "application/json; charset=utf-8",
        },
        group=ORDER_GROUP,
        effect=Effect.PLACE,
    )


def query_uuid(venue_order_id: str, access: Pass) -> HttpRequest:
    """Return the request that asks about an order by the venue's id."""
    return private("GET", "/v1/order", [("uuid", venue_order_id)], access)


def accounts(access: Pass) -> HttpRequest:
    """Return the request for the balances."""
    return private("GET", "/v1/accounts", [], access)


def chance(symbol: Symbol, access: Pass) -> HttpRequest:
    """Return the request for the account's fees and limits in one market."""
    return private("GET", "/v1/orders/chance", [("market", venue_symbol(symbol))], access)


def tickers(symbols: Sequence[Symbol], group: str) -> HttpRequest:
    """Return the request for the last prices."""
    return HttpRequest(method="GET", path="/v1/ticker", query=listed(symbols), group=group)


def private(
    method: str, path: str, parameters: Parameters, access: Pass, effect: Effect = Effect.READ
) -> HttpRequest:
    """Return a request with its parameters in the query string, signed."""
    pairs = list(parameters)
    return HttpRequest(
        method=method,
        path=path,
        query=urlencode(pairs, safe="[]"),
        headers=bearer(access, hashed_text(pairs)),
        group=DEFAULT_GROUP,
        effect=effect,
    )


def listed(symbols: Sequence[Symbol]) -> str:
    """Return the query string that names some markets."""
    return urlencode({"markets": ",".join(venue_symbol(symbol) for symbol in symbols)}, safe=",")
