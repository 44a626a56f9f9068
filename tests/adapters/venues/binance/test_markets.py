"""Binance's markets: books, rules and the account's fees."""

from decimal import Decimal

import pytest

from arb.adapters.redis.client import connect
from arb.adapters.redis.fees import RedisFees
from arb.domain.errors import Retryable
from arb.domain.market.ids import Coin, Symbol, Venue
from tests.adapters.venues.scripted import Bench, binance_bench
from tests.venues.samples import BINANCE_MARKET, response


@pytest.fixture
def bench() -> Bench:
    return binance_bench()


def test_a_book_comes_with_its_levels(bench: Bench):
    body = {"lastUpdateId": 7, "bids": [["4.00", "431"], ["3.99", "1"]], "asks": [["4.02", "12"]]}
    bench.transport.on("GET /api/v3/depth", response(200, body))
    book = bench.client.book(Symbol("BTC/USDT"))
    assert (book.bid, book.ask, len(book.bids), book.sequence) == (Decimal("4.00"), Decimal("4.02"), 2, 7)
    assert book.ts_recv_ns == bench.clock.now_ns()


@pytest.mark.parametrize("bids", [[], [["4.05", "1"]], [["x", "1"]]])
def test_a_book_that_is_none_is_an_error_of_the_venue(bench: Bench, bids: list[list[str]]):
    body = {"lastUpdateId": 7, "bids": bids, "asks": [["4.02", "12"]]}
    bench.transport.on("GET /api/v3/depth", response(200, body))
    with pytest.raises(Retryable):
        bench.client.book(Symbol("BTC/USDT"))


def test_instruments_without_credentials_use_the_default_fee():
    bench = binance_bench(key=None)
    bench.transport.on("GET /api/v3/exchangeInfo", response(200, {"symbols": [BINANCE_MARKET]}))
    (instrument,) = bench.client.instruments([Coin("BTC")])
    assert instrument.taker_fee_bps == 10


def test_instruments_take_the_accounts_fee(bench: Bench):
    rates = {"standardCommission": {"maker": "0.0006", "taker": "0.00075", "buyer": "0", "seller": "0"}}
    bench.transport.on("GET /api/v3/account/commission", response(200, rates))
    bench.transport.on("GET /api/v3/exchangeInfo", response(200, {"symbols": [BINANCE_MARKET]}))
    (instrument,) = bench.client.instruments([Coin("BTC")])
    assert instrument.taker_fee_bps == Decimal("7.5")


@pytest.mark.integration
def test_a_fee_that_another_process_was_told_is_not_asked_for_again(redis_url):
    rates = {"standardCommission": {"maker": "0.0006", "taker": "0.00075", "buyer": "0", "seller": "0"}}
    with connect(redis_url) as client:
        first, second = (
            binance_bench(fees=RedisFees(client, "mock", Venue.BINANCE, "account")) for _ in range(2)
        )
        for bench in (first, second):
            bench.transport.on("GET /api/v3/account/commission", response(200, rates))
            bench.transport.on("GET /api/v3/exchangeInfo", response(200, {"symbols": [BINANCE_MARKET]}))
            (instrument,) = bench.client.instruments([Coin("BTC")])
            assert instrument.taker_fee_bps == Decimal("7.5")
    assert first.transport.count("GET /api/v3/account/commission") == 1
    assert second.transport.count("GET /api/v3/account/commission") == 0
