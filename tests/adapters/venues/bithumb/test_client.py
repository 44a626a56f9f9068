"""Bithumb's client: what failures mean, and its rule of proof against a venue that hides and delays."""

import base64
import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from arb.adapters.local.clock import ManualClock, SeededEntropy
from arb.adapters.venues.bithumb.client import SETTLED_MS, BithumbClient
from arb.adapters.venues.bithumb.connect import DIALECT
from arb.adapters.venues.http import NotSent, ReplyLost
from arb.adapters.venues.rate_limit import Limit, RateLimiter
from arb.adapters.venues.venue_breaker import VenueBreaker
from arb.adapters.venues.venue_client import Gateway
from arb.domain.errors import Fatal, OutcomeUnknown, RateLimited, Rejected, Retryable
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.trading.order import Order, OrderReport, OrderState
from arb.ports.trading import NeverPlaced, NotFoundYet
from arb.venues.api_key import ApiKey
from arb.venues.request import HttpRequest, HttpResponse
from tests.venues.samples import BITHUMB_ORDER, NOW_NS, make_order, response

KEY = ApiKey("key", "secret")
LIFE_MS = 5_000
SHUT_MS = SETTLED_MS + LIFE_MS + 1  # after the claim its token has been refused for long enough
UUID = str(BITHUMB_ORDER["uuid"])


def refusal(status: int, name: str | int) -> HttpResponse:
    return response(status, {"error": {"name": name, "message": "..."}})


def stamp_ms(request: HttpRequest) -> int:
    """Return the moment that a request's token carries."""
    part = request.headers["Authorization"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return int(claims["timestamp"])


@dataclass
class Hostile:
    """A Bithumb in our hands: what it has and tells, and from which age on it refuses a token."""

    clock: ManualClock
    life_ms: int | None = LIFE_MS  # None: it takes tokens of any age
    skew_ms: int = 0  # its clock minus ours
    ahead_ms_max: int | None = None  # it refuses what is stamped further ahead, as expired, too
    body: dict[str, Any] | None = None  # the order, once it is there
    in_lookup: bool = True
    not_ready: bool = False
    in_lists: bool = True
    on_place: HttpResponse | Exception | None = None
    requests: list[HttpRequest] = field(default_factory=list)

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        now_ms = self.clock.now_ns() // 1_000_000 + self.skew_ms
        age_ms = now_ms - stamp_ms(request)
        if self.life_ms is not None and age_ms > self.life_ms:
            return refusal(401, "expired_jwt")
        if self.ahead_ms_max is not None and -age_ms > self.ahead_ms_max:
            return refusal(401, "expired_jwt")
        return self._admitted(request)

    def _admitted(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            if isinstance(self.on_place, Exception):
                raise self.on_place
            return self.on_place or response(201, {"order_id": UUID})
        if request.path.startswith("/v2/orders/"):
            is_there = self.body is not None and self.in_lists and request.path.endswith("history")
            rows = [{**self.body, "order_id": UUID}] if is_there and self.body else []
            return response(200, {"data": rows, "next_key": None})
        if self.not_ready:
            return refusal(422, "order_not_ready")
        by_uuid = "uuid" in parse_qs(request.query)
        if self.body is None or not (self.in_lookup or by_uuid):
            return refusal(404, "order_not_found")
        return response(200, self.body)

    def placed(self) -> int:
        return sum(request.method == "POST" for request in self.requests)


@pytest.fixture
def venue() -> Hostile:
    return Hostile(ManualClock(NOW_NS))


@pytest.fixture
def client(venue: Hostile) -> BithumbClient:
    return client_of(venue)


def client_of(venue: Any, clock: ManualClock | None = None, key: ApiKey | None = KEY) -> BithumbClient:
    clock = clock or venue.clock
    limits = {name: Limit(count=100, period_ms=1_000) for name in ("order", "default", "quotation")}
    limiter = RateLimiter(Venue.BITHUMB, limits, clock)
    breaker = VenueBreaker(Venue.BITHUMB, clock, SeededEntropy(1))
    return BithumbClient(Gateway(DIALECT, venue, limiter, breaker), clock, SeededEntropy(1), api_key=key)


@pytest.fixture
def order() -> Order:
    return make_order(Venue.BITHUMB)


def arrived(order: Order, **changes: Any) -> dict[str, Any]:
    return {**BITHUMB_ORDER, "client_order_id": order.client_order_id, **changes}


def test_an_order_is_signed_with_the_moment_of_its_claim(venue: Hostile, client: BithumbClient, order: Order):
    venue.clock.advance_ms(900)
    report = client.place(order)
    assert stamp_ms(venue.requests[-1]) == order.claimed_at_ns // 1_000_000
    assert (report.client_order_id, report.venue_order_id) == (order.client_order_id, UUID)
    assert report.status is OrderState.ACCEPTED


def test_a_question_is_signed_with_the_moment_of_asking(venue: Hostile, client: BithumbClient, order: Order):
    venue.clock.advance_ms(60_000)
    assert client.query(order) is None
    assert stamp_ms(venue.requests[-1]) == venue.clock.now_ns() // 1_000_000


def test_what_a_paused_worker_sends_late_is_refused_and_was_not_placed(
    venue: Hostile, client: BithumbClient, order: Order
):
    late = replace(order, expires_at_ns=order.expires_at_ns + 10**12)
    venue.clock.advance_ms(SHUT_MS)
    assert isinstance(client.resolve(late, may_trade=True), NeverPlaced)
    with pytest.raises(Retryable, match="expired_jwt"):
        client.place(late)


def test_place_without_credentials_halts(venue: Hostile, order: Order):
    with pytest.raises(Fatal):
        client_of(venue, key=None).place(order)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (NotSent("host", "refused"), Retryable),
        (ReplyLost("host", "timeout"), OutcomeUnknown),
        (response(500, b""), OutcomeUnknown),
        (response(201, b"not json"), OutcomeUnknown),
        (response(201, {}), OutcomeUnknown),
        (refusal(200, "invalid_price_bid"), Rejected),
        (refusal(200, 5_600), OutcomeUnknown),
        (refusal(400, "a name that nobody published"), OutcomeUnknown),
        (refusal(400, "invalid_parameter"), OutcomeUnknown),
        (refusal(400, "cross_trading"), OutcomeUnknown),
        (refusal(422, "order_not_ready"), OutcomeUnknown),
        (refusal(400, "under_price_limit_bid"), Rejected),
        (refusal(400, "insufficient_funds_bid"), Rejected),
        (refusal(401, "expired_jwt"), Retryable),
        (refusal(401, "jwt_verification"), Fatal),
        (refusal(401, "NotAllowIP"), Fatal),
        (refusal(403, "blocked_member_id"), Fatal),
        (refusal(429, "too_many_requests"), RateLimited),
    ],
)
def test_place_failures_are_told_apart_and_never_retried(
    venue: Hostile,
    client: BithumbClient,
    order: Order,
    failure: HttpResponse | Exception,
    expected: type[Exception],
):
    venue.on_place = failure
    with pytest.raises(expected):
        client.place(order)
    assert venue.placed() == 1


def test_an_order_filled_in_part_is_done_and_over(venue: Hostile, client: BithumbClient, order: Order):
    venue.body = arrived(order)
    report = client.query(order)
    assert report is not None
    assert report.status is OrderState.CANCELED
    assert [fill.quantity for fill in report.fills] == [Decimal("0.004")]
    assert [(fill.fee, fill.fee_asset) for fill in report.fills] == [(Decimal("224"), "KRW")]


def test_an_order_that_is_not_ready_is_asked_about_again(venue: Hostile, client: BithumbClient, order: Order):
    venue.not_ready = True
    venue.clock.advance_ms(SHUT_MS)
    with pytest.raises(Retryable):
        client.query(order)
    with pytest.raises(Retryable):
        client.resolve(order, may_trade=True)


@pytest.mark.parametrize("may_trade", [True, False])
@pytest.mark.parametrize("age_ms", [0, 900, SETTLED_MS - 1, SETTLED_MS, SHUT_MS - 1])
def test_nothing_is_concluded_while_the_door_may_still_let_the_order_in(
    venue: Hostile, client: BithumbClient, order: Order, age_ms: int, *, may_trade: bool
):
    venue.clock.advance_ms(age_ms)
    assert isinstance(client.resolve(order, may_trade=may_trade), NotFoundYet)
    assert venue.placed() == 0


@pytest.mark.parametrize("may_trade", [True, False])
def test_an_order_whose_token_is_dead_and_that_nobody_has_was_never_placed(
    venue: Hostile, client: BithumbClient, order: Order, *, may_trade: bool
):
    venue.clock.advance_ms(SHUT_MS)
    assert isinstance(client.resolve(order, may_trade=may_trade), NeverPlaced)
    assert venue.placed() == 0


def test_where_tokens_do_not_age_silence_is_never_a_proof(
    venue: Hostile, client: BithumbClient, order: Order
):
    venue.life_ms = None
    venue.clock.advance_ms(7 * 24 * 3_600_000)
    assert isinstance(client.resolve(order, may_trade=True), NotFoundYet)
    assert venue.placed() == 0


@pytest.mark.parametrize("skew_ms", [-8_000, -3_000, 3_000])
def test_a_venue_whose_clock_differs_is_believed_and_not_ours(venue: Hostile, order: Order, skew_ms: int):
    """Behind ours it lets the order in for longer, and says so."""
    client, venue.skew_ms = client_of(venue), skew_ms
    venue.clock.advance_ms(SHUT_MS - skew_ms - 1)
    assert isinstance(client.resolve(order, may_trade=True), NotFoundYet)
    venue.clock.advance_ms(1)
    assert isinstance(client.resolve(order, may_trade=True), NeverPlaced)


def test_a_stamp_ahead_that_is_refused_is_no_proof(venue: Hostile, order: Order):
    """The claim was stamped by a clock ahead: a token refused for that was not refused for its age."""
    client, venue.ahead_ms_max = client_of(venue), 1_000
    ahead = replace(order, claimed_at_ns=order.claimed_at_ns + 3_600_000_000_000)
    assert isinstance(client.resolve(ahead, may_trade=True), NotFoundYet)
    venue.clock.advance_ms(SHUT_MS)
    assert isinstance(client.resolve(ahead, may_trade=True), NotFoundYet)


def test_a_clock_that_was_set_ahead_proves_nothing(venue: Hostile, order: Order):
    client = client_of(venue)
    venue.clock.advance_ms(SHUT_MS)
    venue.skew_ms = -SHUT_MS  # its own clock went on as before
    assert isinstance(client.resolve(order, may_trade=True), NotFoundYet)


@pytest.mark.parametrize("age_ms", [0, SHUT_MS])
def test_a_reply_that_was_lost_is_found(venue: Hostile, client: BithumbClient, order: Order, age_ms: int):
    venue.on_place = ReplyLost("host", "timeout")
    with pytest.raises(OutcomeUnknown):
        client.place(order)
    venue.body = arrived(order)
    venue.clock.advance_ms(age_ms)
    found = client.resolve(order, may_trade=True)
    assert isinstance(found, OrderReport)
    assert venue.placed() == 1


def test_an_order_that_comes_late_is_found(venue: Hostile, client: BithumbClient, order: Order):
    for _ in range(20):
        assert isinstance(client.resolve(order, may_trade=True), NotFoundYet)
        venue.clock.advance_ms(500)
    venue.body = arrived(order)  # within the life of its token
    assert isinstance(client.resolve(order, may_trade=True), OrderReport)
    assert venue.placed() == 0


def test_an_order_that_the_lookup_lost_is_found_in_the_lists(
    venue: Hostile, client: BithumbClient, order: Order
):
    venue.body, venue.in_lookup = arrived(order), False
    venue.clock.advance_ms(SHUT_MS)
    found = client.resolve(order, may_trade=True)
    assert isinstance(found, OrderReport)
    assert found.fills


def test_lists_that_are_behind_do_not_hide_what_the_lookup_has(venue: Hostile, order: Order):
    """The lookup learns of the order between the two questions; the lists never do."""

    class Slow:
        asked = 0

        def send(self, request: HttpRequest) -> HttpResponse:
            self.asked += request.path == "/v1/order"
            venue.in_lookup = self.asked > 2
            return venue.send(request)

    venue.body, venue.in_lists, venue.in_lookup = arrived(order), False, False
    venue.clock.advance_ms(SHUT_MS)
    assert isinstance(client_of(Slow(), venue.clock).resolve(order, may_trade=True), OrderReport)


def test_an_id_that_was_used_before_brings_what_it_was_used_for_and_no_second_order(
    venue: Hostile, client: BithumbClient, order: Order
):
    venue.body = arrived(order)
    for may_trade in (True, False):
        for _ in range(5):
            assert isinstance(client.resolve(order, may_trade=may_trade), OrderReport)
            venue.clock.advance_ms(SHUT_MS)
    assert venue.placed() == 0


def test_a_refused_key_is_no_proof(venue: Hostile, order: Order):
    class Shut:
        def send(self, _: HttpRequest) -> HttpResponse:
            return refusal(401, "jwt_verification")

    venue.clock.advance_ms(SHUT_MS)
    with pytest.raises(Fatal):
        client_of(Shut(), venue.clock).resolve(order, may_trade=True)


def test_a_clock_that_the_venue_refuses_altogether_is_no_proof(venue: Hostile, order: Order):
    client, venue.skew_ms = client_of(venue), 3_600_000
    venue.clock.advance_ms(SHUT_MS)
    with pytest.raises(Retryable, match="expired_jwt"):
        client.resolve(order, may_trade=True)


class Paged:
    """Lists in pages of two."""

    def __init__(self, rows: list[dict[str, Any]], *, in_circles: bool = False) -> None:
        self.rows, self.in_circles = rows, in_circles

    def send(self, request: HttpRequest) -> HttpResponse:
        if request.path.endswith("pending"):
            return response(200, {"data": []})
        begin = int(parse_qs(request.query).get("next_key", ["0"])[0])
        following = "2" if self.in_circles else str(begin + 2) if begin + 2 < len(self.rows) else None
        return response(200, {"data": self.rows[begin : begin + 2], "next_key": following})


def test_lists_are_read_to_their_last_page():
    rows = [{**BITHUMB_ORDER, "order_id": f"C{number}"} for number in range(5)]
    client = client_of(Paged(rows), ManualClock(NOW_NS))
    found = client.recent_orders(Symbol("BTC/KRW"), NOW_NS - 10**12)
    assert [row.venue_order_id for row in found] == ["C0", "C1", "C2", "C3", "C4"]


def test_lists_that_go_in_circles_are_an_error():
    client = client_of(Paged([{**BITHUMB_ORDER}] * 9, in_circles=True), ManualClock(NOW_NS))
    with pytest.raises(Retryable, match="circles"):
        client.recent_orders(Symbol("BTC/KRW"), NOW_NS)


def test_public_data_needs_no_key(venue: Hostile):
    class Public:
        def send(self, request: HttpRequest) -> HttpResponse:
            assert "Authorization" not in request.headers
            if request.path == "/v1/market/all":
                return response(200, [{"market": "KRW-BTC", "market_warning": "CAUTION"}])
            return response(200, [{"market": "KRW-BTC", "trade_price": 140_000_000}])

    (made,) = client_of(Public(), venue.clock, key=None).instruments([Coin("BTC")])
    assert (made.symbol, made.taker_fee_bps, made.warning) == ("BTC/KRW", 25, "WARNING")
