"""Upbit's markets: books, rules and the account's terms."""

from decimal import Decimal
from typing import Any

import pytest

from arb.adapters.venues.upbit.markets import TERMS_AT_ONCE
from arb.domain.market.ids import Coin, Symbol
from arb.venues.request import HttpResponse
from tests.adapters.venues.scripted import Bench, upbit_bench
from tests.venues.samples import UPBIT_CHANCE, response


def refusal(status: int, name: str) -> HttpResponse:
    return response(status, {"error": {"name": name, "message": "..."}})


@pytest.fixture
def bench() -> Bench:
    return upbit_bench()


def reference(bench: Bench, ticks: HttpResponse) -> None:
    caution = {"market": "KRW-BTC", "market_event": {"caution": {"GLOBAL_PRICE_DIFFERENCES": True}}}
    bench.transport.on("GET /v1/market/all", response(200, [caution, {"market": "KRW-USDT"}]))
    prices = [{"market": "KRW-BTC", "trade_price": 140_000_000}, {"market": "KRW-USDT", "trade_price": 1400}]
    bench.transport.on("GET /v1/ticker", response(200, prices))
    bench.transport.on("GET /v1/orderbook/instruments", ticks)


def test_a_book_comes_with_its_levels(bench: Bench):
    unit = {"ask_price": 148520000, "bid_price": 148490000, "ask_size": 0.0134662, "bid_size": 0.04296774}
    filler = {"ask_price": 148530000, "bid_price": 0, "ask_size": 1, "bid_size": 0}
    row = {"market": "KRW-BTC", "timestamp": 1751606867762, "orderbook_units": [unit, filler]}
    bench.transport.on("GET /v1/orderbook", response(200, [row]))
    book = bench.client.book(Symbol("BTC/KRW"))
    assert (book.bid, book.ask, len(book.bids), len(book.asks)) == (148490000, 148520000, 1, 2)
    assert book.ts_recv_ns == bench.clock.now_ns()


def test_instruments_merge_what_upbit_says_and_skip_what_it_does_not_have(bench: Bench):
    ticks = [{"market": "KRW-BTC", "tick_size": "2000"}, {"market": "KRW-USDT", "tick_size": 0.5}]
    reference(bench, response(200, ticks))
    bench.transport.on("GET /v1/orders/chance", response(200, UPBIT_CHANCE))
    instruments: Any = {made.symbol: made for made in bench.client.instruments([Coin("BTC"), Coin("NONE")])}
    assert set(instruments) == {"BTC/KRW", "USDT/KRW"}
    assert instruments["BTC/KRW"].warning == "GLOBAL_PRICE_DIFFERENCES"
    assert instruments["BTC/KRW"].tick(Decimal(140_000_000)) == 2_000
    assert instruments["BTC/KRW"].notional_min == 6_000
    assert instruments["USDT/KRW"].tick(Decimal(1400)) == Decimal("0.5")


def test_instruments_without_credentials_and_published_units_use_the_tables():
    bench = upbit_bench(key=None)
    reference(bench, refusal(404, "404"))
    bitcoin, usdt = bench.client.instruments([Coin("BTC"), Coin("USDT")])
    assert (bitcoin.tick(Decimal(140_000_000)), usdt.tick(Decimal(1400))) == (1_000, 1)
    assert (bitcoin.taker_fee_bps, bitcoin.notional_min) == (5, 5_000)


def many(bench: Bench, count: int) -> list[Coin]:
    """Have that many coins listed; a change of terms is asked for market by market."""
    coins = [Coin(f"C{number}") for number in range(count)]
    rows = [{"market": f"KRW-{coin}", "trade_price": 100} for coin in (*coins, "USDT")]
    bench.transport.on("GET /v1/market/all", response(200, rows))
    bench.transport.on("GET /v1/ticker", response(200, rows))
    bench.transport.on("GET /v1/orderbook/instruments", response(200, []))
    return coins


def asked(bench: Bench) -> list[str]:
    """Return of which markets the terms were asked for, and forget it."""
    queries = [request.query for request in bench.transport.requests if request.path.endswith("chance")]
    bench.transport.requests.clear()
    return [query.removeprefix("market=KRW-") for query in queries]


def test_the_terms_of_many_markets_are_asked_for_over_several_readings():
    bench = upbit_bench()
    coins = many(bench, 60)
    dear = {**UPBIT_CHANCE, "bid_fee": "0.0025"}
    bench.transport.on("GET /v1/orders/chance", response(200, dear))
    readings = []
    for _ in range(4):
        rules = {rule.symbol: rule for rule in bench.client.instruments(coins)}
        assert len(rules) == 61
        assert {rule.taker_fee_bps for rule in rules.values()} == {25}
        readings.append(asked(bench))
    assert [len(reading) for reading in readings] == [TERMS_AT_ONCE] * 4
    assert {*readings[0], *readings[1], *readings[2]} == {*coins, "USDT"}
    assert readings[2][11:] + readings[3] == [*readings[0], *readings[1]][: 14 + TERMS_AT_ONCE]


@pytest.mark.parametrize("status", [429, 418])
def test_no_room_for_terms_is_no_reading_that_failed(status: int):
    bench = upbit_bench()
    coins = many(bench, 3)
    slow = refusal(status, "too_many_requests")
    bench.transport.on("GET /v1/orders/chance", response(200, UPBIT_CHANCE), slow)
    assert len(bench.client.instruments(coins).rules) == 4
    assert asked(bench) == ["C0", "C1"]


def test_an_odd_price_unit_or_term_takes_its_own_market_only():
    bench = upbit_bench()
    reference(bench, response(200, [{"market": "KRW-BTC", "tick_size": 0}]))
    bench.transport.on("GET /v1/orders/chance", response(200, UPBIT_CHANCE))
    listing = bench.client.instruments([Coin("BTC")])
    assert [rule.symbol for rule in listing] == ["USDT/KRW"]
    assert [(odd.symbol, odd.field, odd.value) for odd in listing.odd] == [("BTC/KRW", "tick_size", "0")]


def test_a_market_that_has_no_price_is_odd_and_one_whose_terms_are_refused_too():
    bench = upbit_bench()
    reference(bench, response(200, []))
    bench.transport.on("GET /v1/ticker", response(200, [{"market": "KRW-USDT", "trade_price": 1400}]))
    bench.transport.on("GET /v1/orders/chance", refusal(404, "market_does_not_exist"))
    listing = bench.client.instruments([Coin("BTC")])
    assert listing.rules == ()
    assert [(odd.symbol, odd.field) for odd in listing.odd] == [
        ("BTC/KRW", "trade_price"),
        ("USDT/KRW", "orders/chance"),
    ]
