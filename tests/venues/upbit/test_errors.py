"""Upbit's error table, row by row."""

import pytest

from arb.domain.errors import (
    AgainstRules,
    Fatal,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Retryable,
    VenueError,
)
from arb.venues.errors import AmbiguousRejection, OrderNotFound
from arb.venues.krw.errors import pause_scope
from arb.venues.request import Effect, HttpRequest
from arb.venues.upbit.errors import error_of, rejected_on_merit
from tests.venues.samples import response

ROWS: list[tuple[int, str, type[VenueError]]] = [
    (400, "create_ask_error", Rejected),
    (400, "create_bid_error", Rejected),
    (400, "insufficient_funds_ask", Rejected),
    (400, "insufficient_funds_bid", Rejected),
    (400, "under_min_total_ask", AgainstRules),
    (400, "under_min_total_bid", AgainstRules),
    (400, "invalid_price_ask", AgainstRules),
    (400, "invalid_price_bid", AgainstRules),
    (400, "validation_error", AmbiguousRejection),
    (400, "invalid_parameter", AmbiguousRejection),
    (400, "a_name_we_do_not_know", AmbiguousRejection),
    (400, "withdraw_address_not_registered", Fatal),
    (400, "thirdparty_agreement_required", Fatal),
    (401, "invalid_query_payload", Fatal),
    (401, "jwt_verification", Fatal),
    (401, "a_name_we_do_not_know", Fatal),
    (403, "a_name_we_do_not_know", Fatal),
    (451, "a_name_we_do_not_know", Fatal),
    (401, "nonce_used", Retryable),
    (401, "expired_access_key", Fatal),
    (401, "invalid_access_key", Fatal),
    (401, "no_authorization_ip", Fatal),
    (401, "no_authorization_i_p", Fatal),
    (401, "no_authorization_token", Fatal),
    (403, "market_offline", AgainstRules),  # of the market, not of the key
    (403, "out_of_scope", Fatal),
    (404, "order_not_found", OrderNotFound),
    (418, "blocked", RateLimited),
    (429, "too_many_requests", RateLimited),
    (500, "server_error", OutcomeUnknown),
    (503, "too_many_requests", OutcomeUnknown),  # a limit counts only when HTTP says so
]


def body(name: str | int) -> dict[str, object]:
    return {"error": {"name": name, "message": "주문을 찾지 못했습니다."}}


@pytest.mark.parametrize(("status", "name", "expected"), ROWS)
def test_row_for_an_order(status: int, name: str, expected: type[VenueError]):
    error = error_of(response(status, body(name)), Effect.PLACE)
    assert type(error) is expected
    assert name in error.detail


def test_5xx_is_harmless_for_a_question():
    assert type(error_of(response(502, b"maintenance"), Effect.READ)) is Retryable
    assert type(error_of(response(502, b"maintenance"), Effect.CANCEL)) is OutcomeUnknown


def test_an_ambiguous_name_is_a_plain_refusal_of_a_question():
    error = error_of(response(400, body("invalid_parameter")), Effect.READ)
    assert type(error) is Rejected
    assert error.code == "invalid_parameter"


def test_quotation_errors_are_named_by_an_integer():
    assert type(error_of(response(400, body(400)), Effect.READ)) is Rejected


@pytest.mark.parametrize("status", [302, 400, 404, 405, 409, 422])
def test_a_reply_that_is_not_upbits_own_proves_nothing_about_an_order(status: int):
    assert type(error_of(response(status, b"<html>"), Effect.PLACE)) is OutcomeUnknown
    assert type(error_of(response(status, b"<html>"), Effect.READ)) is Rejected


@pytest.mark.parametrize(("status", "expected_ms"), [(429, 1_000), (418, 10_000)])
def test_pauses_without_retry_after(status: int, expected_ms: int):
    error = error_of(response(status, b""), Effect.PLACE)
    assert isinstance(error, RateLimited)
    assert error.retry_after_ms == expected_ms


def test_retry_after_wins_where_there_is_one():
    error = error_of(response(429, body("too_many_requests"), retry_after="3"), Effect.READ)
    assert isinstance(error, RateLimited)
    assert error.retry_after_ms == 3_000


def test_a_limit_is_the_groups_own_and_a_block_is_for_all():
    request = HttpRequest(method="GET", path="/", group="default")
    assert pause_scope(request, response(429, b"")) == "default"
    assert pause_scope(request, response(418, b"")) is None


@pytest.mark.parametrize(("status", "name", "expected"), ROWS)
def test_only_the_orders_own_faults_are_its_merit(status: int, name: str, expected: type[VenueError]):
    error = error_of(response(status, body(name)), Effect.PLACE)
    if isinstance(error, Rejected):
        assert rejected_on_merit(error) is (status == 400)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_trouble_with_a_retry_after_asks_for_a_pause_of_everything(status: int):
    reply = response(status, b"", retry_after="20")
    error = error_of(reply, Effect.PLACE)
    assert type(error) is OutcomeUnknown
    assert error.pause_ms == 20_000
    assert pause_scope(HttpRequest(method="GET", path="/v1/order", group="default"), reply) is None
