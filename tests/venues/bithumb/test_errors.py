"""Errors: the body decides before the status, and what nobody published may mean that there is an order."""

import pytest

from arb.domain.errors import AgainstRules, Fatal, OutcomeUnknown, RateLimited, Rejected, Retryable
from arb.venues.bithumb.errors import NAMES, error_of, holds_error
from arb.venues.errors import AmbiguousRejection, ClockRejected, ErrorKind, OrderNotFound
from arb.venues.krw.errors import pause_scope
from arb.venues.request import Effect, HttpRequest
from tests.venues.samples import response


def refusal(status: int, name: object, **headers: str):
    return response(status, {"error": {"name": name, "message": "why"}}, **headers)


@pytest.mark.parametrize(
    ("status", "name", "placing", "reading"),
    [
        (404, "order_not_found", OrderNotFound, OrderNotFound),
        (422, "order_not_ready", OutcomeUnknown, Retryable),
        (401, "expired_jwt", ClockRejected, ClockRejected),
        (401, "NotAllowIP", Fatal, Fatal),
        (400, "invalid_price", AgainstRules, AgainstRules),
        (400, "insufficient_funds_ask", Rejected, Rejected),
        (400, "unheard_of", AmbiguousRejection, Rejected),
        (418, "unheard_of", RateLimited, RateLimited),
        (200, 5300, AmbiguousRejection, Rejected),
        (500, "invalid_price", OutcomeUnknown, Retryable),
    ],
)
def test_what_an_error_means_depends_on_what_was_asked(status, name, placing, reading):
    assert type(error_of(refusal(status, name), Effect.PLACE)) is placing
    assert type(error_of(refusal(status, name), Effect.READ)) is reading


@pytest.mark.parametrize("name", [name for name, kind in NAMES.items() if kind is ErrorKind.NOT_FOUND])
def test_nothing_but_a_lookup_says_that_an_order_is_unknown(name):
    assert name == "order_not_found"


def test_a_reply_without_a_body_that_says_why_is_not_the_venues():
    assert type(error_of(response(400, b"<html>"), Effect.PLACE)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        (b' {"error":{"name":1,"message":"x"}}', True),
        (b'{"error":null,"uuid":"C01"}', False),
        (b'[{"error":{"name":"x"}}]', False),
        (b'{"uuid":"C01"}', False),
        (b"", False),
    ],
)
def test_a_reply_of_success_may_hold_an_error(body, is_one):
    assert holds_error(response(200, body)) is is_one


def test_a_limit_pauses_its_group_and_a_block_everything():
    request = HttpRequest(method="GET", path="/v1/order", group="default")
    assert pause_scope(request, refusal(429, "too_many_requests")) == "default"
    assert pause_scope(request, refusal(418, "too_many_requests")) is None
    assert error_of(refusal(429, "x", Retry_After="7"), Effect.READ).retry_after_ms in (1_000, 7_000)
