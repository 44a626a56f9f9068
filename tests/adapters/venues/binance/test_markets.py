"""Binance's markets: books, rules and the account's fees."""

from decimal import Decimal
from urllib.parse import parse_qs

import orjson
import pytest

from arb.adapters.redis.client import connect
from arb.adapters.redis.fees import RedisFees
from arb.adapters.venues.binance.markets import FEES_AT_ONCE
from arb.domain.errors import Retryable
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.venues.request import HttpResponse
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


class Known:
    """Remembers fees in this process."""

    def __init__(self) -> None:
        self.fees: dict[Symbol, Decimal] = {}

    def known(self, symbols, _now_ns):
        return {symbol: self.fees[symbol] for symbol in symbols if symbol in self.fees}

    def remember(self, fees_bps, _now_ns):
        self.fees.update(fees_bps)


def row(coin: str) -> dict[str, object]:
    return {**BINANCE_MARKET, "symbol": f"{coin}USDT", "baseAsset": coin}


def many(bench: Bench, count: int) -> list[Coin]:
    coins = [Coin(f"C{number}") for number in range(count)]
    bench.transport.on("GET /api/v3/exchangeInfo", response(200, {"symbols": [row(coin) for coin in coins]}))
    return coins


def commission(taker: str) -> HttpResponse:
    return response(200, {"standardCommission": {"maker": "0", "taker": taker, "buyer": "0", "seller": "0"}})


def test_the_fees_of_many_markets_are_asked_for_over_several_readings():
    memory = Known()
    bench = binance_bench(fees=memory)
    coins = many(bench, 2 * FEES_AT_ONCE + 1)
    bench.transport.on("GET /api/v3/account/commission", commission("0.0012"), commission("0.0009"))
    counts = []
    for _ in range(4):
        fees = [rule.taker_fee_bps for rule in bench.client.instruments(coins)]
        counts.append((bench.transport.count("GET /api/v3/account/commission"), fees.count(Decimal(12))))
    assert counts == [(20, 22), (40, 2), (41, 1), (41, 1)]


def test_the_rules_of_many_markets_are_asked_for_in_addresses_that_are_not_too_long():
    bench = binance_bench(key=None)

    def info(request):
        names = orjson.loads(parse_qs(request.query)["symbols"][0])
        assert len(request.query) < 8_000
        return response(200, {"symbols": [row(name.removesuffix("USDT")) for name in names]})

    bench.transport.on("GET /api/v3/exchangeInfo", info)
    coins = [Coin(f"LONGNAME{number}") for number in range(510)]
    assert len(bench.client.instruments(coins).rules) == 510
    assert bench.transport.count("GET /api/v3/exchangeInfo") == 3


def test_no_room_for_fees_is_no_reading_that_failed():
    bench = binance_bench()
    coins = many(bench, 3)
    slow = response(429, {"code": -1003, "msg": "Too many requests"})
    bench.transport.on("GET /api/v3/account/commission", commission("0.0012"), slow)
    assert [rule.taker_fee_bps for rule in bench.client.instruments(coins)] == [12, 12, 12]
    assert bench.transport.count("GET /api/v3/account/commission") == 2


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
