"""Upbit's client: what failures mean, and its rule of proof."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.venues.http import NotSent, ReplyLost
from arb.domain.errors import Fatal, InvariantError, OutcomeUnknown, RateLimited, Rejected, Retryable
from arb.domain.market.ids import Venue
from arb.domain.market.instrument import Side
from arb.domain.trading.order import Order, OrderReport, OrderState
from arb.ports.trading import NeverPlaced, NotFoundYet
from arb.venues.request import HttpResponse
from arb.venues.upbit.instruments import KRW_BANDS
from arb.venues.upbit.orders import unfillable
from tests.adapters.venues.scripted import Bench, upbit_bench
from tests.venues.samples import UPBIT_DONE, UPBIT_WAIT, make_order, response

POST = "POST /v1/orders"
GET = "GET /v1/order"
OPEN = "GET /v1/orders/open"
CLOSED = "GET /v1/orders/closed"
SETTLED_MS = 2_000 + 10_000


def refusal(status: int, name: str) -> HttpResponse:
    return response(status, {"error": {"name": name, "message": "..."}})


NOT_FOUND = refusal(404, "order_not_found")
DUPLICATE = refusal(400, "invalid_parameter")
NO_FUNDS = refusal(400, "insufficient_funds_bid")
ACCEPTED = response(201, UPBIT_WAIT)
FOUND = response(200, {**UPBIT_DONE, "state": "cancel"})


@pytest.fixture
def bench() -> Bench:
    return upbit_bench()


@pytest.fixture
def order() -> Order:
    return make_order(Venue.UPBIT)


def absent(bench: Bench, redriven: HttpResponse | Exception, age_ms: int) -> None:
    """Nobody knows the order; sending it again gets `redriven`."""
    bench.transport.on(GET, NOT_FOUND)
    bench.transport.on(POST, redriven)
    bench.transport.on(OPEN, response(200, []))
    bench.transport.on(CLOSED, response(200, []))
    bench.clock.advance_ms(age_ms)


def test_place_is_accepted_under_our_id(bench: Bench, order: Order):
    bench.transport.on(POST, ACCEPTED)
    report = bench.client.place(order)
    assert (report.client_order_id, report.status) == (order.client_order_id, OrderState.ACCEPTED)
    assert report.venue_order_id == UPBIT_WAIT["uuid"]


def test_place_after_the_lifetime_sends_nothing(bench: Bench, order: Order):
    bench.clock.advance_ms(3_000)
    with pytest.raises(Retryable, match="lifetime"):
        bench.client.place(order)
    assert bench.transport.requests == []


def test_place_without_a_claim_is_a_bug(bench: Bench, order: Order):
    with pytest.raises(InvariantError):
        bench.client.place(replace(order, claimed_at_ns=0))


def test_place_without_credentials_halts(order: Order):
    with pytest.raises(Fatal):
        upbit_bench(key=None).client.place(order)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (NotSent("host", "refused"), Retryable),
        (ReplyLost("host", "timeout"), OutcomeUnknown),
        (response(500, b""), OutcomeUnknown),
        (response(201, b"not json"), OutcomeUnknown),
        (DUPLICATE, OutcomeUnknown),
        (NO_FUNDS, Rejected),
        (refusal(401, "nonce_used"), Retryable),
        (refusal(401, "jwt_verification"), Fatal),
        (refusal(401, "expired_access_key"), Fatal),
        (refusal(403, "out_of_scope"), Fatal),
        (refusal(429, "too_many_requests"), RateLimited),
        (refusal(418, "blocked"), RateLimited),
    ],
)
def test_place_failures_are_told_apart_and_never_retried(
    bench: Bench, order: Order, failure: HttpResponse | Exception, expected: type[Exception]
):
    bench.transport.on(POST, failure)
    with pytest.raises(expected):
        bench.client.place(order)
    assert bench.transport.count(POST) == 1


def test_every_request_has_its_own_token(bench: Bench, order: Order):
    bench.transport.on(POST, ACCEPTED)
    bench.transport.on(GET, FOUND)
    bench.client.place(order)
    for _ in range(3):
        bench.client.query(order)
    assert len({request.headers["Authorization"] for request in bench.transport.requests}) == 4


def test_a_block_stops_questions_too(bench: Bench, order: Order):
    bench.transport.on(POST, refusal(418, "blocked"))
    bench.transport.on(GET, FOUND)
    with pytest.raises(RateLimited):
        bench.client.place(order)
    with pytest.raises(RateLimited):
        bench.client.query(order)
    assert bench.transport.count(GET) == 0


def test_query_returns_a_cancelled_order_with_its_fills(bench: Bench, order: Order):
    bench.transport.on(GET, FOUND)
    report = bench.client.query(order)
    assert (report.client_order_id, report.status) == (order.client_order_id, OrderState.CANCELED)
    assert [fill.quantity for fill in report.fills] == [Decimal("5.377594")]


def test_query_of_an_unknown_order_is_none(bench: Bench, order: Order):
    bench.transport.on(GET, NOT_FOUND)
    assert bench.client.query(order) is None


def test_resolve_returns_what_is_found_without_sending(bench: Bench, order: Order):
    bench.transport.on(GET, FOUND)
    assert isinstance(bench.client.resolve(order, may_trade=True), OrderReport)
    assert bench.transport.count(POST) == 0


def test_resolve_does_not_send_again_in_the_first_second(bench: Bench, order: Order):
    absent(bench, ACCEPTED, 999)
    assert bench.client.resolve(order, may_trade=True) == NotFoundYet(1)
    assert bench.transport.count(POST) == 0


def test_resolve_sends_the_same_body_again_under_a_new_nonce(bench: Bench, order: Order):
    bench.transport.on(POST, ReplyLost("h", "timeout"))
    with pytest.raises(OutcomeUnknown):
        bench.client.place(order)
    first = bench.transport.last(POST)
    absent(bench, ACCEPTED, 1_000)
    found = bench.client.resolve(order, may_trade=True)
    second = bench.transport.last(POST)
    assert isinstance(found, OrderReport)
    assert (found.client_order_id, found.status) == (order.client_order_id, OrderState.ACCEPTED)
    assert first.body == second.body
    assert first.headers["Authorization"] != second.headers["Authorization"]


@pytest.mark.parametrize("redriven", [DUPLICATE, NO_FUNDS, refusal(400, "unheard_of")])
def test_resolve_looks_again_after_a_refusal(bench: Bench, order: Order, redriven: HttpResponse):
    absent(bench, redriven, 1_000)
    bench.transport.on(GET, NOT_FOUND, FOUND)
    found = bench.client.resolve(order, may_trade=True)
    assert isinstance(found, OrderReport)
    assert len(found.fills) == 1


@pytest.mark.parametrize(
    "redriven",
    [
        ReplyLost("h", "timeout"),
        NotSent("h", "refused"),
        response(502, b""),
        response(400, b"<html>"),
        refusal(429, "too_many_requests"),
        refusal(401, "nonce_used"),
    ],
)
def test_resolve_concludes_nothing_from_silence_however_long(
    bench: Bench, order: Order, redriven: HttpResponse | Exception
):
    absent(bench, redriven, 3_600_000)
    assert isinstance(bench.client.resolve(order, may_trade=True), NotFoundYet)


@pytest.mark.parametrize(("redriven", "age_ms"), [(DUPLICATE, SETTLED_MS), (NO_FUNDS, SETTLED_MS)])
def test_resolve_concludes_nothing_from_a_refusal_too_early(
    bench: Bench, order: Order, redriven: HttpResponse, age_ms: int
):
    absent(bench, redriven, age_ms)
    assert isinstance(bench.client.resolve(order, may_trade=True), NotFoundYet)


@pytest.mark.parametrize(("redriven", "age_ms"), [(DUPLICATE, SETTLED_MS + 1), (NO_FUNDS, SETTLED_MS + 1)])
def test_resolve_concludes_from_a_refusal_and_a_search_that_finds_nothing(
    bench: Bench, order: Order, redriven: HttpResponse, age_ms: int
):
    absent(bench, redriven, age_ms)
    assert isinstance(bench.client.resolve(order, may_trade=True), NeverPlaced)
    assert bench.transport.count(GET) == 2
    assert bench.transport.count(OPEN) == bench.transport.count(CLOSED) == 1


@pytest.mark.parametrize("listing", [OPEN, CLOSED])
def test_resolve_believes_the_lists(bench: Bench, order: Order, listing: str):
    absent(bench, DUPLICATE, SETTLED_MS + 1)
    listed = {**UPBIT_WAIT, "identifier": order.client_order_id}
    bench.transport.on(listing, response(200, [UPBIT_WAIT, listed]))
    assert isinstance(bench.client.resolve(order, may_trade=True), NotFoundYet)
    bench.transport.on(GET, NOT_FOUND, NOT_FOUND, FOUND)
    found = bench.client.resolve(order, may_trade=True)
    assert isinstance(found, OrderReport)
    assert bench.transport.last(GET).query == f"uuid={UPBIT_WAIT['uuid']}"


def test_resolve_concludes_nothing_from_a_list_that_is_cut_off(bench: Bench, order: Order):
    absent(bench, DUPLICATE, SETTLED_MS + 1)
    bench.transport.on(CLOSED, response(200, [UPBIT_WAIT] * 1_000))
    with pytest.raises(Retryable, match="in one second"):
        bench.client.resolve(order, may_trade=True)


@pytest.mark.parametrize(("name", "error"), [("jwt_verification", Fatal), ("out_of_scope", Fatal)])
def test_resolve_passes_on_what_is_wrong_with_our_key(
    bench: Bench, order: Order, name: str, error: type[Exception]
):
    absent(bench, refusal(403 if error is Fatal else 401, name), 3_600_000)
    with pytest.raises(error):
        bench.client.resolve(order, may_trade=True)


@pytest.mark.parametrize(
    ("side", "price", "quantity", "spent_price", "spent_quantity"),
    [
        (Side.BUY, "139640000", "0.01", "69000000", "0.01"),
        (Side.SELL, "139640000", "0.01", "280000000", "0.01"),
        (Side.BUY, "1196.5", "5", "590", "8.47457628"),  # 5,000 KRW at that price
        (Side.SELL, "0.0512", "200000", "0.11", "200000"),
    ],
)
def test_the_order_that_spends_an_identifier_is_far_away_and_acceptable(
    order: Order, side: Side, price: str, quantity: str, spent_price: str, spent_quantity: str
):
    given = replace(order, side=side, limit_price=Decimal(price), quantity=Decimal(quantity))
    spent = unfillable(given)
    assert (spent.limit_price, spent.quantity) == (Decimal(spent_price), Decimal(spent_quantity))
    assert spent.limit_price * spent.quantity >= 5_000
    tick = next(tick for lower, tick in KRW_BANDS if spent.limit_price >= lower)
    assert spent.limit_price % tick == 0
    assert replace(spent, limit_price=given.limit_price, quantity=given.quantity) == given


def test_cancel_of_an_order_that_is_not_open_is_no_error(bench: Bench, order: Order):
    bench.transport.on("DELETE /v1/order", NOT_FOUND, response(200, UPBIT_WAIT))
    bench.client.cancel(order)
    bench.client.cancel(order)


def test_open_orders_are_read_page_by_page(bench: Bench):
    bench.transport.on(OPEN, response(200, [UPBIT_WAIT] * 100), response(200, [UPBIT_WAIT] * 3))
    assert len(bench.client.open_orders()) == 103
    assert "page=2" in bench.transport.last(OPEN).query


def test_there_is_no_clock_to_compare(bench: Bench):
    assert bench.client.time_offset_ms() is None
