"""Upbit requests, and the tokens that they carry."""

import base64
import json
from decimal import Decimal
from urllib.parse import unquote

import pytest

from arb.domain.market.ids import Symbol, Venue
from arb.venues.api_key import ApiKey
from arb.venues.jwt import nonce_of, query_hash
from arb.venues.krw import requests
from arb.venues.krw.auth import Pass
from arb.venues.request import Effect, HttpRequest, LimitUsage
from arb.venues.upbit import orders as upbit
from tests.venues.samples import make_order, response

KEY = ApiKey("test-access-key-000000000000000000000000", "test-secret-key-000000000000000000000000")
ACCESS = Pass(KEY, "6f5570df-d8bc-4daf-85b4-976733feb624")


def claims_of(request: HttpRequest) -> dict[str, str]:
    part = request.headers["Authorization"].removeprefix("Bearer ").split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_an_order_is_json_and_its_token_hashes_the_body_in_its_own_order():
    request = upbit.place(make_order(Venue.UPBIT), ACCESS)
    body = json.loads(request.body)
    assert list(body.items()) == [
        ("market", "KRW-BTC"),
        ("side", "bid"),
        ("ord_type", "limit"),
        ("volume", "0.01"),
        ("price", "140000000"),
        ("time_in_force", "ioc"),
        ("identifier", "a1-abcdefghijkl2-u1"),
    ]
    assert claims_of(request)["query_hash"] == query_hash("&".join(f"{k}={v}" for k, v in body.items()))
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Origin" not in request.headers
    assert (request.group, request.effect) == ("order", Effect.PLACE)


def test_the_same_order_has_the_same_body_under_another_nonce():
    order = make_order(Venue.UPBIT)
    first = upbit.place(order, ACCESS)
    second = upbit.place(order, Pass(KEY, nonce_of(1)))
    assert first.body == second.body
    assert first.headers["Authorization"] != second.headers["Authorization"]


def test_small_amounts_have_no_exponent_on_the_wire():
    order = make_order(Venue.UPBIT, quantity=Decimal("1E-8"), limit_price=Decimal("1.4E+8"))
    parameters = upbit.order_parameters(order)
    assert (parameters["volume"], parameters["price"]) == ("0.00000001", "140000000")


@pytest.mark.parametrize(
    "request_of",
    [
        lambda order: upbit.query(order, ACCESS),
        lambda order: upbit.cancel(order, ACCESS),
        lambda order: requests.query_uuid("3b67e543", ACCESS),
        lambda order: upbit.open_orders(order.symbol, 1, ACCESS),
        lambda order: upbit.closed_orders(order.symbol, 1, 2, ACCESS),
        lambda order: requests.chance(order.symbol, ACCESS),
    ],
)
def test_the_token_hashes_the_query_before_encoding(request_of):
    request = request_of(make_order(Venue.UPBIT))
    assert claims_of(request)["query_hash"] == query_hash(unquote(request.query))
    assert request.group == "default"


def test_a_request_without_parameters_has_no_hash():
    assert "query_hash" not in claims_of(requests.accounts(ACCESS))


def test_quotation_requests_need_no_token():
    symbols = [Symbol("BTC/KRW"), Symbol("USDT/KRW")]
    for request in (upbit.markets(), upbit.tick_sizes(symbols), requests.tickers(symbols, "ticker")):
        assert request.headers == {}
    assert requests.tickers(symbols, "ticker").query == "markets=KRW-BTC,KRW-USDT"
    assert upbit.markets().query == "is_details=true"


def test_no_repr_shows_a_secret_or_a_token():
    shown = f"{ACCESS!r} {upbit.place(make_order(Venue.UPBIT), ACCESS)!r} {requests.accounts(ACCESS)!r}"
    assert KEY.key not in shown
    assert KEY.secret not in shown
    assert "Bearer" not in shown


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("group=default; min=1800; sec=29", (LimitUsage(group="default", left=29),)),
        ("group=order-cancel-all; min=30; sec=0", (LimitUsage(group="order-cancel-all", left=0),)),
        ("", ()),
        ("group=default", ()),
    ],
)
def test_remaining_req(header: str, expected: tuple[LimitUsage, ...]):
    assert upbit.usage(response(200, {}, remaining_req=header)) == expected
