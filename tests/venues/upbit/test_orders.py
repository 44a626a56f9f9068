"""Upbit tokens and requests."""

import base64
import json
from decimal import Decimal
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arb.domain.market.ids import Symbol, Venue
from arb.venues.request import ApiKey, Effect, HttpRequest, Usage
from arb.venues.upbit import orders as upbit
from arb.venues.upbit.auth import Pass, hashed_text, nonce_of, query_hash, token
from tests.venues.samples import make_order, response

KEY = ApiKey("test-access-key-000000000000000000000000", "test-secret-key-000000000000000000000000")
ACCESS = Pass(KEY, "6f5570df-d8bc-4daf-85b4-976733feb624")
QUERY_1 = "market=KRW-BTC&side=bid&ord_type=limit&volume=0.01&price=100000000&identifier=arb-0001-u-1"
QUERY_2 = [
    ("uuids[]", "9ca023a5-851b-4fec-9f0a-48cd83c2eaae"),
    ("uuids[]", "d098ceaf-6811-4df8-97f2-b7e01aefc03f"),
]


def claims_of(request: HttpRequest) -> dict[str, str]:
    part = request.headers["Authorization"].removeprefix("Bearer ").split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_published_hash_and_token_of_a_query():
    assert query_hash(QUERY_1).startswith("5ae50dea1bb1e740b2c71efa87f8ecf021701c3f49027742363ec76fb586fd45")
    assert token(ACCESS, QUERY_1).endswith(".2Kywt3Yk9CqVPk5qdgNHJjRVQs--P7L4boRHvLNLie4")


def test_published_hash_of_an_array():
    digest = query_hash(hashed_text(QUERY_2))
    assert digest.startswith("7b38979b98105cde6f379a451389519a1904b0b92cae55603a861fdd4b84c8ce")
    assert digest.endswith("6635e2193679c1c99e1a573676b9a9efebcc4041117ec506a363480321404287")


def test_published_token_without_parameters():
    assert token(ACCESS).endswith("._CaXfHU7Ut8oIE6QIIEvqi4cT3cgXBqbw-e1naniKkI")


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


@given(st.integers(min_value=0, max_value=(1 << 128) - 1))
def test_a_nonce_is_a_version_4_uuid(bits: int):
    parts = nonce_of(bits).split("-")
    assert [len(part) for part in parts] == [8, 4, 4, 4, 12]
    assert parts[2][0] == "4"
    assert parts[3][0] in "89ab"


@pytest.mark.parametrize(
    "request_of",
    [
        lambda order: upbit.query(order, ACCESS),
        lambda order: upbit.cancel(order, ACCESS),
        lambda order: upbit.query_uuid("3b67e543", ACCESS),
        lambda order: upbit.open_orders(order.symbol, 1, ACCESS),
        lambda order: upbit.closed_orders(order.symbol, 1, 2, ACCESS),
        lambda order: upbit.chance(order.symbol, ACCESS),
    ],
)
def test_the_token_hashes_the_query_before_encoding(request_of):
    request = request_of(make_order(Venue.UPBIT))
    assert claims_of(request)["query_hash"] == query_hash(unquote(request.query))
    assert request.group == "default"


def test_a_request_without_parameters_has_no_hash():
    assert "query_hash" not in claims_of(upbit.accounts(ACCESS))


def test_quotation_requests_need_no_token():
    symbols = [Symbol("BTC/KRW"), Symbol("USDT/KRW")]
    for request in (upbit.markets(), upbit.tick_sizes(symbols), upbit.tickers(symbols)):
        assert request.headers == {}
    assert upbit.tickers(symbols).query == "markets=KRW-BTC,KRW-USDT"
    assert upbit.markets().query == "is_details=true"


def test_no_repr_shows_a_secret_or_a_token():
    shown = f"{ACCESS!r} {upbit.place(make_order(Venue.UPBIT), ACCESS)!r} {upbit.accounts(ACCESS)!r}"
    assert KEY.key not in shown
    assert KEY.secret not in shown
    assert "Bearer" not in shown


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("group=default; min=1800; sec=29", (Usage(group="default", left=29),)),
        ("group=order-cancel-all; min=30; sec=0", (Usage(group="order-cancel-all", left=0),)),
        ("", ()),
        ("group=default", ()),
    ],
)
def test_remaining_req(header: str, expected: tuple[Usage, ...]):
    assert upbit.usage(response(200, {}, remaining_req=header)) == expected
