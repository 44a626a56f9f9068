"""Binance's client: what it signs, what failures mean, and its rule of proof."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from arb.adapters.venues.http import NotSent, ReplyLost
from arb.domain.errors import Fatal, InvariantError, OutcomeUnknown, RateLimited, Rejected, Retryable
from arb.domain.trading.order import Order, OrderReport, OrderState
from arb.ports.trading import NeverPlaced, NotFoundYet
from arb.venues.request import HttpRequest, HttpResponse
from tests.adapters.venues.scripted import Bench, binance_bench
from tests.venues.samples import (
    BINANCE_FULL,
    BINANCE_ROW,
    BINANCE_TRADES,
    NOW_NS,
    make_order,
    response,
)

ORDER = "/api/v3/order"
NOT_FOUND = response(400, {"code": -2013, "msg": "Order does not exist."})
FENCE_MS = 2_000 + 10_000 + 2_000


@pytest.fixture
def bench() -> Bench:
    return binance_bench()


@pytest.fixture
def order() -> Order:
    return make_order()


def row(order: Order, **changes: Any) -> dict[str, Any]:
    return {**BINANCE_ROW, "clientOrderId": order.client_order_id, **changes}


def fields(request: HttpRequest) -> dict[str, str]:
    text = request.body.decode() or request.query
    return {name: values[0] for name, values in parse_qs(text).items()}


def test_place_reports_fills_under_our_id(bench: Bench, order: Order):
    bench.transport.on(f"POST {ORDER}", response(200, BINANCE_FULL))
    report = bench.client.place(order)
    assert (report.client_order_id, report.status) == (order.client_order_id, OrderState.EXPIRED)
    assert [fill.fill_id for fill in report.fills] == ["56"]


def test_place_signs_with_the_moment_of_the_claim_not_of_sending(order: Order):
    bench = binance_bench(offset_ms=250)
    bench.transport.on(f"POST {ORDER}", response(200, BINANCE_FULL))
    bench.clock.advance_ms(1_500)  # paused between claim and wire
    bench.client.place(order)
    sent = fields(bench.transport.last(f"POST {ORDER}"))
    assert int(sent["timestamp"]) == order.claimed_at_ns // 1_000_000 + 250
    assert sent["recvWindow"] == "2000"


def test_place_after_the_lifetime_sends_nothing(bench: Bench, order: Order):
    bench.clock.advance_ms(3_000)
    with pytest.raises(Retryable, match="lifetime"):
        bench.client.place(order)
    assert bench.transport.count(f"POST {ORDER}") == 0


def test_place_without_a_claim_is_a_bug(bench: Bench, order: Order):
    with pytest.raises(InvariantError):
        bench.client.place(replace(order, claimed_at_ns=0))


def test_place_without_credentials_halts(order: Order):
    with pytest.raises(Fatal):
        binance_bench(key=None).client.place(order)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (NotSent("host", "refused"), Retryable),
        (ReplyLost("host", "timeout"), OutcomeUnknown),
        (response(503, b""), OutcomeUnknown),
        (response(200, b"not json"), OutcomeUnknown),
        (response(200, {"code": 0}), OutcomeUnknown),
        (response(400, {"code": -2010, "msg": "Duplicate order sent."}), OutcomeUnknown),
        (response(400, {"code": -1013, "msg": "Filter failure: LOT_SIZE"}), Rejected),
        (response(429, {"code": -1015, "msg": "Too many new orders."}), RateLimited),
    ],
)
def test_place_failures_are_told_apart_and_never_retried(
    bench: Bench, order: Order, failure: HttpResponse | Exception, expected: type[Exception]
):
    bench.transport.on(f"POST {ORDER}", failure)
    with pytest.raises(expected):
        bench.client.place(order)
    assert bench.transport.count(f"POST {ORDER}") == 1


def test_retry_after_pauses_orders_and_they_are_not_sent_meanwhile(bench: Bench, order: Order):
    limited = response(429, {"code": -1015, "msg": "Too many new orders."}, retry_after="2")
    bench.transport.on(f"POST {ORDER}", limited, response(200, BINANCE_FULL))
    with pytest.raises(RateLimited) as caught:
        bench.client.place(order)
    assert caught.value.retry_after_ms == 2_000
    bench.clock.advance_ms(1_500)
    claimed = replace(order, claimed_at_ns=bench.clock.now_ns())
    bench.client.place(claimed)  # half a second of waiting fits the lifetime
    assert bench.clock.now_ns() >= NOW_NS + 2_000_000_000


def test_an_order_that_gets_no_room_within_its_lifetime_is_not_sent(bench: Bench, order: Order):
    banned = response(418, {"code": -1003, "msg": "banned"}, retry_after="60")
    bench.transport.on(f"POST {ORDER}", banned)
    for _ in range(2):
        with pytest.raises(RateLimited):
            bench.client.place(order)
    assert bench.transport.count(f"POST {ORDER}") == 1


def test_an_order_never_waits_for_room_longer_than_its_signature_is_good(bench: Bench, order: Order):
    """A pause of 2 s fits the lifetime of 3 s, not the receive window of 2 s since the claim."""
    limited = response(429, {"code": -1015, "msg": "Too many new orders."}, retry_after="2")
    bench.transport.on(f"POST {ORDER}", limited, response(200, BINANCE_FULL))
    for _ in range(2):
        with pytest.raises(RateLimited):
            bench.client.place(order)
    assert bench.transport.count(f"POST {ORDER}") == 1


def test_an_order_whose_signature_is_too_old_is_not_sent(bench: Bench, order: Order):
    bench.clock.advance_ms(1_750)
    with pytest.raises(Retryable, match="signature"):
        bench.client.place(order)
    assert bench.transport.count(f"POST {ORDER}") == 0


def test_query_fetches_the_fills_of_an_executed_order(bench: Bench, order: Order):
    bench.transport.on(
        f"GET {ORDER}", response(200, row(order, status="FILLED", executedQty="12", orderId=7))
    )
    bench.transport.on("GET /api/v3/myTrades", response(200, BINANCE_TRADES))
    report = bench.client.query(order)
    assert (report.status, len(report.fills)) == (OrderState.FILLED, 1)
    assert fields(bench.transport.last("GET /api/v3/myTrades"))["orderId"] == "7"


def test_query_does_not_end_an_order_whose_fills_lag(bench: Bench, order: Order):
    bench.transport.on(f"GET {ORDER}", response(200, row(order, status="EXPIRED", executedQty="12")))
    bench.transport.on("GET /api/v3/myTrades", response(200, []), response(200, BINANCE_TRADES))
    assert bench.client.query(order).status is OrderState.ACCEPTED
    assert bench.client.query(order).status is OrderState.EXPIRED


def test_query_of_an_unknown_order_is_none(bench: Bench, order: Order):
    bench.transport.on(f"GET {ORDER}", NOT_FOUND)
    assert bench.client.query(order) is None


@pytest.mark.parametrize("failure", [NotSent("h", "r"), ReplyLost("h", "r"), response(500, b"")])
def test_query_that_fails_is_retryable(bench: Bench, order: Order, failure: HttpResponse | Exception):
    bench.transport.on(f"GET {ORDER}", failure)
    with pytest.raises(Retryable):
        bench.client.query(order)


def absent(bench: Bench) -> None:
    bench.transport.on(f"GET {ORDER}", NOT_FOUND)
    bench.transport.on("GET /api/v3/openOrders", response(200, []))
    bench.transport.on("GET /api/v3/allOrders", response(200, []))


def test_resolve_returns_what_is_found(bench: Bench, order: Order):
    bench.transport.on(f"GET {ORDER}", response(200, row(order, status="EXPIRED")))
    found = bench.client.resolve(order, may_trade=True)
    assert isinstance(found, OrderReport)
    assert found.status is OrderState.EXPIRED


@pytest.mark.parametrize("age_ms", [0, 1_000, FENCE_MS - 1, FENCE_MS])
def test_resolve_concludes_nothing_before_the_fence(bench: Bench, order: Order, age_ms: int):
    absent(bench)
    bench.clock.advance_ms(age_ms)
    assert isinstance(bench.client.resolve(order, may_trade=True), NotFoundYet)


def test_resolve_after_the_fence_asks_twice_and_searches_before_it_concludes(bench: Bench, order: Order):
    absent(bench)
    bench.clock.advance_ms(FENCE_MS + 1)
    assert isinstance(bench.client.resolve(order, may_trade=True), NeverPlaced)
    assert bench.transport.count(f"GET {ORDER}") == 2
    listed = fields(bench.transport.last("GET /api/v3/allOrders"))
    assert int(listed["startTime"]) <= order.claimed_at_ns // 1_000_000 <= int(listed["endTime"])
    assert bench.transport.count(f"POST {ORDER}") == 0


def test_resolve_moves_the_fence_by_what_the_clocks_differ(order: Order):
    bench = binance_bench(offset_ms=-5_000)
    absent(bench)
    bench.clock.advance_ms(FENCE_MS + 4_000)
    assert isinstance(bench.client.resolve(order, may_trade=True), NotFoundYet)
    bench.clock.advance_ms(2_000)
    assert isinstance(bench.client.resolve(order, may_trade=True), NeverPlaced)


def test_resolve_believes_the_second_answer(bench: Bench, order: Order):
    bench.transport.on(f"GET {ORDER}", NOT_FOUND, response(200, row(order, status="EXPIRED")))
    bench.clock.advance_ms(FENCE_MS + 1)
    assert isinstance(bench.client.resolve(order, may_trade=True), OrderReport)


@pytest.mark.parametrize("listing", ["GET /api/v3/openOrders", "GET /api/v3/allOrders"])
def test_resolve_believes_the_lists(bench: Bench, order: Order, listing: str):
    absent(bench)
    filled = row(order, status="FILLED", executedQty="12")
    bench.transport.on(listing, response(200, [row(order, clientOrderId="other"), filled]))
    bench.transport.on("GET /api/v3/myTrades", response(200, BINANCE_TRADES))
    bench.clock.advance_ms(FENCE_MS + 1)
    found = bench.client.resolve(order, may_trade=True)
    assert isinstance(found, OrderReport)
    assert (found.status, len(found.fills)) == (OrderState.FILLED, 1)


def test_resolve_reads_the_list_to_its_end(bench: Bench, order: Order):
    absent(bench)
    full = [row(order, clientOrderId="other", orderId=number) for number in range(1, 1_001)]
    late = row(order, status="FILLED", executedQty="12", orderId=1_001)
    bench.transport.on("GET /api/v3/allOrders", response(200, full), response(200, [late]))
    bench.transport.on("GET /api/v3/myTrades", response(200, BINANCE_TRADES))
    bench.clock.advance_ms(FENCE_MS + 1)
    assert isinstance(bench.client.resolve(order, may_trade=True), OrderReport)
    assert fields(bench.transport.last("GET /api/v3/allOrders"))["orderId"] == "1001"


def test_resolve_concludes_nothing_from_a_list_that_goes_in_circles(bench: Bench, order: Order):
    absent(bench)
    bench.transport.on("GET /api/v3/allOrders", response(200, [row(order, clientOrderId="other")] * 1_000))
    bench.clock.advance_ms(FENCE_MS + 1)
    with pytest.raises(Retryable, match="in circles"):
        bench.client.resolve(order, may_trade=True)
    assert bench.transport.count("GET /api/v3/allOrders") == 2


def test_resolve_that_cannot_ask_concludes_nothing(bench: Bench, order: Order):
    absent(bench)
    bench.transport.on("GET /api/v3/allOrders", response(503, b""))
    bench.clock.advance_ms(FENCE_MS + 1)
    with pytest.raises(Retryable):
        bench.client.resolve(order, may_trade=True)


def test_cancel_of_an_order_that_is_not_open_is_no_error(bench: Bench, order: Order):
    unknown = response(400, {"code": -2011, "msg": "Unknown order sent."})
    bench.transport.on(f"DELETE {ORDER}", unknown, response(200, {}))
    bench.client.cancel(order)
    bench.client.cancel(order)


def test_cancel_whose_reply_is_lost_is_unknown(bench: Bench, order: Order):
    bench.transport.on(f"DELETE {ORDER}", ReplyLost("h", "r"))
    with pytest.raises(OutcomeUnknown):
        bench.client.cancel(order)


def test_open_orders_keep_foreign_ids(bench: Bench):
    rows = [{**BINANCE_ROW, "clientOrderId": "web_1"}, {**BINANCE_ROW, "status": "PARTIALLY_FILLED"}]
    bench.transport.on("GET /api/v3/openOrders", response(200, rows))
    reports = bench.client.open_orders()
    assert [report.client_order_id for report in reports] == ["web_1", "myOrder1"]


def test_trouble_with_a_retry_after_lets_the_venue_rest_and_then_asks_again(bench: Bench, order: Order):
    away = response(503, {"code": -1007, "msg": "Timeout"}, retry_after="60")
    bench.transport.on(f"POST {ORDER}", away)
    with pytest.raises(OutcomeUnknown) as lost:
        bench.client.place(order)
    assert lost.value.pause_ms == 60_000
    with pytest.raises(RateLimited):
        bench.client.place(order)
    assert bench.transport.count(f"POST {ORDER}") == 1


def test_an_order_is_got_ready_without_asking_anything(bench: Bench, order: Order):
    assert bench.client.ready(order) is None  # how far the venue's clock is off has to be asked first
    assert bench.transport.requests == []
    bench.transport.on(f"POST {ORDER}", response(200, BINANCE_FULL))
    bench.client.time_offset_ms()
    asked = len(bench.transport.requests)
    sends = [bench.client.ready(order) for _ in range(5)]
    began_ns = bench.clock.now_ns()
    with pytest.raises(RateLimited):  # all room is taken: nothing waits here for more
        bench.client.ready(order)
    assert bench.clock.now_ns() == began_ns
    assert len(bench.transport.requests) == asked
    bench.clock.advance_ms(20)
    assert sends[0] is not None
    assert sends[0](lambda: None).client_order_id == order.client_order_id
    sent = fields(bench.transport.last(f"POST {ORDER}"))
    assert int(sent["timestamp"]) == order.claimed_at_ns // 1_000_000
