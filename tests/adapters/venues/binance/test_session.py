"""Signatures by Binance's clock."""

import pytest

from arb.domain.errors import Retryable
from arb.domain.trading.order import Order
from arb.venues.request import HttpRequest, HttpResponse
from tests.adapters.venues.scripted import Bench, binance_bench
from tests.venues.samples import BINANCE_FULL, make_order, response

ORDER = "/api/v3/order"


@pytest.fixture
def bench() -> Bench:
    return binance_bench()


@pytest.fixture
def order() -> Order:
    return make_order()


def test_clock_refusal_is_retryable_and_the_clock_is_measured_again(bench: Bench, order: Order):
    refused = response(400, {"code": -1021, "msg": "Timestamp for this request is outside"})
    bench.transport.on(f"POST {ORDER}", refused, response(200, BINANCE_FULL))
    with pytest.raises(Retryable):
        bench.client.place(order)
    assert bench.transport.count("GET /api/v3/time") == 1
    bench.client.place(order)
    assert bench.transport.count("GET /api/v3/time") == 2


def test_time_offset_takes_the_reply_for_half_a_round_trip_old(bench: Bench):
    def slow(_: HttpRequest) -> HttpResponse:
        bench.clock.advance_ms(40)
        body = {"serverTime": bench.clock.now_ns() // 1_000_000 + 100}
        bench.clock.advance_ms(40)
        return response(200, body)

    bench.transport.on("GET /api/v3/time", slow)
    assert bench.client.time_offset_ms() == 100
