"""Requests as Bithumb wants them."""

import base64
import json
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest

from arb.domain.market.ids import Symbol, Venue
from arb.domain.market.instrument import Side
from arb.venues.api_key import ApiKey
from arb.venues.bithumb import orders
from arb.venues.jwt import hashed_text, query_hash
from arb.venues.krw import requests
from arb.venues.krw.auth import StampedPass
from arb.venues.request import Effect, HttpRequest
from tests.venues.samples import make_order

ACCESS = StampedPass(ApiKey("key", "secret"), "nonce", 1)
SYMBOL = Symbol("BTC/KRW")
OURS = "a1-abcdefghijkl2-t1"


def hash_of(request: HttpRequest) -> str | None:
    part = request.headers["Authorization"].split(".")[1]
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims.get("query_hash")


def test_an_order_is_a_limit_ioc_under_our_id():
    order = make_order(Venue.BITHUMB, side=Side.SELL, quantity=Decimal("1E-8"))
    request = orders.place(order, ACCESS)
    body = json.loads(request.body)
    assert body == {
        "market": "KRW-BTC",
        "side": "ask",
        "order_type": "limit",
        "volume": "0.00000001",
        "price": "140000000",
        "time_in_force": "ioc",
        "client_order_id": "a1-abcdefghijkl2-t1",
    }
    assert (request.method, request.path, request.effect) == ("POST", "/v2/orders", Effect.PLACE)
    assert hash_of(request) == query_hash(hashed_text(body.items()))


@pytest.mark.parametrize(
    ("request_", "path", "parameters"),
    [
        (orders.query(make_order(Venue.BITHUMB), ACCESS), "/v1/order", f"client_order_id={OURS}"),
        (requests.query_uuid("C01", ACCESS), "/v1/order", "uuid=C01"),
        (
            orders.cancel(make_order(Venue.BITHUMB), ACCESS),
            "/v2/order",
            "client_order_id=a1-abcdefghijkl2-t1",
        ),
        (orders.pending(None, "", ACCESS), "/v2/orders/pending", "limit=100&order_by=asc"),
        (
            orders.pending(SYMBOL, "k+/=", ACCESS),
            "/v2/orders/pending",
            "market=KRW-BTC&limit=100&order_by=asc&next_key=k+/=",
        ),
        (
            orders.history(SYMBOL, 1, 2, "", ACCESS),
            "/v2/orders/history",
            "market=KRW-BTC&start_time=1&end_time=2&limit=1000&order_by=asc",
        ),
        (requests.accounts(ACCESS), "/v1/accounts", ""),
        (requests.chance(SYMBOL, ACCESS), "/v1/orders/chance", "market=KRW-BTC"),
    ],
)
def test_a_private_request_hashes_its_parameters_as_they_are(
    request_: HttpRequest, path: str, parameters: str
):
    assert request_.path == path
    assert hashed_text(parse_qsl(request_.query)) == parameters
    assert hash_of(request_) == (query_hash(parameters) if parameters else None)


def test_only_placing_and_cancelling_have_an_effect():
    assert orders.cancel(make_order(Venue.BITHUMB), ACCESS).effect is Effect.CANCEL
    assert orders.query(make_order(Venue.BITHUMB), ACCESS).effect is Effect.READ
    assert "Authorization" not in orders.markets().headers
