"""Binance's error table, row by row."""

import pickle

import pytest

from arb.domain.errors import (
    AgainstRules,
    Fatal,
    MarketBarred,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Retryable,
    VenueError,
)
from arb.venues.binance.errors import error_of, names_no_market, pause_scope
from arb.venues.errors import AmbiguousRejection, ClockRejected, OrderNotFound
from arb.venues.request import Effect, HttpRequest
from tests.venues.samples import response

ROWS: list[tuple[int, int, str, type[VenueError]]] = [
    (400, -1000, "An unknown error occurred.", OutcomeUnknown),
    (500, -1001, "Internal error.", OutcomeUnknown),
    (400, -1006, "Unexpected response.", OutcomeUnknown),
    (503, -1007, "Timeout waiting for response from backend server.", OutcomeUnknown),
    (400, -1016, "not in the table, but of the venue's own troubles", OutcomeUnknown),
    (429, -1003, "Too many requests.", RateLimited),
    (418, -1003, "Way too many requests; IP banned.", RateLimited),
    (503, -1008, "Server is currently overloaded.", RateLimited),
    (429, -1015, "Too many new orders.", RateLimited),
    (400, -1034, "Too many connections.", RateLimited),
    (400, -1013, "Filter failure: LOT_SIZE", AgainstRules),
    (400, -1021, "Timestamp for this request is outside of the recvWindow.", ClockRejected),
    (401, -1002, "You are not authorized to execute this request.", Fatal),
    (400, -1014, "Unsupported order combination.", Rejected),
    (400, -1020, "This operation is not supported.", Fatal),
    (400, -1022, "Signature for this request is not valid.", Fatal),
    (400, -1099, "Not found, authenticated, or authorized.", Fatal),
    (400, -1122, "Invalid symbol status.", AgainstRules),
    (400, -2008, "Invalid Api-Key ID.", Fatal),
    (400, -2010, "This action is disabled on this account.", Fatal),
    (400, -2010, "Rest API trading is not enabled.", Fatal),
    (400, -2010, "WebSocket API trading is not enabled.", Fatal),
    (400, -2010, "This account is locked.", Fatal),
    (400, -2010, "This symbol is not permitted for this account.", MarketBarred),
    (400, -2010, "This symbol is restricted for this account.", MarketBarred),
    (400, -2010, "Order would immediately match and take.", Rejected),
    (400, -2010, "Price * QTY is zero or less.", Rejected),
    (400, -2016, "No trading window could be found for the symbol.", AgainstRules),
    (451, 0, "Service unavailable from a restricted location according to 'b. Eligibility'", Fatal),
    *((400, code, "malformed", Rejected) for code in (-1100, -1101, -1102, -1103, -1104, -1105, -1106)),
    (400, -1111, "Precision is over the maximum defined for this asset.", AgainstRules),
    *((400, code, "malformed", Rejected) for code in range(-1120, -1114)),
    (400, -1121, "Invalid symbol.", AgainstRules),
    (400, -1145, "Invalid cancelRestrictions", Rejected),
    (400, -2010, "Account has insufficient balance for requested action.", Rejected),
    (400, -2010, "Market is closed.", AgainstRules),
    (400, -2010, "Duplicate order sent.", AmbiguousRejection),
    (400, -2011, "Unknown order sent.", OrderNotFound),
    (400, -2013, "Order does not exist.", OrderNotFound),
    (401, -2014, "API-key format invalid.", Fatal),
    (401, -2015, "Invalid API-key, IP, or permissions for action.", Fatal),
    (401, -9999, "of a kind we do not know", Fatal),
    (409, -2021, "Order cancel-replace partially failed.", OutcomeUnknown),
    (400, -2022, "Order cancel-replace failed.", Rejected),
    (400, -9999, "of a kind we do not know", Rejected),
]


@pytest.mark.parametrize(("status", "code", "message", "expected"), ROWS)
def test_row_for_an_order(status: int, code: int, message: str, expected: type[VenueError]):
    error = error_of(response(status, {"code": code, "msg": message}), Effect.PLACE)
    assert type(error) is expected
    assert str(code) in error.detail


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_5xx_without_a_code_is_unknown_for_an_order_and_harmless_for_a_question(status: int):
    assert type(error_of(response(status, b"<html>"), Effect.PLACE)) is OutcomeUnknown
    assert type(error_of(response(status, b"<html>"), Effect.CANCEL)) is OutcomeUnknown
    assert type(error_of(response(status, b"<html>"), Effect.READ)) is Retryable


@pytest.mark.parametrize("status", [302, 400, 404])
def test_a_refusal_that_is_not_binances_own_proves_nothing_about_an_order(status: int):
    assert type(error_of(response(status, b"<html>"), Effect.PLACE)) is OutcomeUnknown
    assert type(error_of(response(status, b"<html>"), Effect.READ)) is Rejected


@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"code": 0, "msg": "restricted location"}'])
def test_a_place_that_is_not_served_is_wrong_for_good_whatever_the_body_says(effect: Effect, body: bytes):
    assert type(error_of(response(451, body), effect)) is Fatal


def test_the_firewall_pauses_for_long():
    error = error_of(response(403, b"<html>"), Effect.PLACE)
    assert isinstance(error, RateLimited)
    assert error.retry_after_ms >= 60_000


def test_retry_after_is_in_seconds():
    body = {"code": -1003, "msg": "Too many requests."}
    error = error_of(response(429, body, retry_after="17"), Effect.PLACE)
    assert isinstance(error, RateLimited)
    assert error.retry_after_ms == 17_000


@pytest.mark.parametrize("text", ["", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "-5", "²"])
def test_a_ban_without_a_readable_retry_after_lasts_its_minimum(text: str):
    error = error_of(response(418, {"code": -1003, "msg": "banned"}, retry_after=text), Effect.READ)
    assert isinstance(error, RateLimited)
    assert error.retry_after_ms == 120_000


def test_only_the_count_of_orders_is_the_groups_own():
    request = HttpRequest(method="POST", path="/", group="order")
    assert pause_scope(request, response(429, {"code": -1015, "msg": ""})) == "order"
    assert pause_scope(request, response(429, {"code": -1003, "msg": ""})) is None
    assert pause_scope(request, response(418, b"")) is None


def test_a_rejection_keeps_the_venues_code_and_is_short():
    error = error_of(response(400, {"code": -2010, "msg": "x" * 5_000}), Effect.PLACE)
    assert isinstance(error, Rejected)
    assert error.code == "-2010"
    assert len(error.detail) <= 200


@pytest.mark.parametrize(("code", "expected"), [(-1121, True), (-1100, True), (-1102, False), (-1111, False)])
def test_a_market_that_is_not_there_is_told_from_other_refusals(code: int, expected: bool):
    error = error_of(response(400, {"code": code, "msg": "refused"}), Effect.READ)
    assert isinstance(error, Rejected)
    assert names_no_market(error) is expected


TROUBLE_503 = {"code": -1007, "msg": "Timeout waiting for response from backend server."}


@pytest.mark.parametrize("effect", list(Effect))
def test_trouble_with_a_retry_after_asks_for_a_pause_and_says_as_little_of_the_order(effect: Effect):
    plain = error_of(response(503, TROUBLE_503), effect)
    error = error_of(response(503, TROUBLE_503, retry_after="30"), effect)
    assert type(error) is type(plain)
    assert (plain.pause_ms, error.pause_ms) == (0, 30_000)
    assert pickle.loads(pickle.dumps(error)).pause_ms == 30_000


@pytest.mark.parametrize(
    ("text", "date", "expected_ms"),
    [
        ("Wed, 21 Oct 2015 07:28:10 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 10_000),
        ("Wed, 21 Oct 2015 07:27:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:10 GMT", "", 0),
        ("soon", "Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("9" * 40, "", 3 * 24 * 3_600_000),
        ("0", "", 0),
    ],
)
def test_a_retry_after_may_be_a_date_or_absurd(text: str, date: str, expected_ms: int):
    assert error_of(response(503, b"", retry_after=text, date=date), Effect.READ).pause_ms == expected_ms


def test_what_a_refusal_of_the_order_itself_says_pauses_nothing():
    refused = {"code": -2010, "msg": "Account has insufficient balance for requested action."}
    assert error_of(response(400, refused, retry_after="30"), Effect.PLACE).pause_ms == 0
