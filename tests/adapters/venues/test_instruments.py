"""The live rules over a real client of Binance: what is read, when, and what is told of what is not."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from arb.adapters.alerts.recorded import RecordedAlerts
from arb.adapters.memory.alerts import MemoryAlertStore
from arb.adapters.memory.tables import MemoryTables
from arb.adapters.venues.http import NotSent
from arb.adapters.venues.instruments import LiveInstruments
from arb.domain.health.alert import Severity
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.money import ONE
from arb.domain.time import NS_PER_MS
from arb.engine.market.rules import GAP_NS, REFRESH_NS, STALE_NS, WatchRules
from arb.sim.binance.symbols import exchange_info, make_symbols
from arb.sim.core.coins import DEFAULT_COINS
from arb.venues.request import HttpRequest, HttpResponse
from tests.adapters.venues.scripted import binance_bench
from tests.engine.testbed import Uncounted
from tests.venues.samples import response

INFO, FEES = "GET /api/v3/exchangeInfo", "GET /api/v3/account/commission"
BITCOIN, ETHER = ((Venue.BINANCE, Symbol(f"{coin}/USDT")) for coin in ("BTC", "ETH"))
RATES = {"standardCommission": {"maker": "0.0006", "taker": "0.00075", "buyer": "0", "seller": "0"}}


class Binance:
    """The rules of a venue whose list of markets a test changes, as one process reads them."""

    def __init__(self, folder: Path, *coins: str) -> None:
        self.bench = binance_bench()
        self.clock, self.transport = self.bench.clock, self.bench.transport
        self.markets = make_symbols(DEFAULT_COINS[coin] for coin in ("BTC", "ETH"))
        self.transport.on(INFO, self.answer)
        self.transport.on(FEES, response(200, RATES))
        self.tables, self.counters = MemoryTables(), Uncounted()
        alerts = RecordedAlerts(MemoryAlertStore(self.tables), None, folder / "alerts.log")
        watch = WatchRules(coins=[Coin(coin) for coin in coins], alerts=alerts, counters=self.counters)
        self.rules = LiveInstruments({Venue.BINANCE: self.bench.client}, watch.coins, self.clock, watch)

    def answer(self, request: HttpRequest) -> HttpResponse:
        names = json.loads(parse_qs(request.query)["symbols"][0])
        if not set(names) <= set(self.markets):
            return response(400, {"code": -1121, "msg": "Invalid symbol."})
        return response(200, exchange_info([self.markets[name] for name in names], 0))

    def pass_ns(self, duration_ns: int) -> None:
        self.clock.advance_ms(duration_ns // NS_PER_MS)

    def told(self) -> list[tuple[str, str, Severity]]:
        return [(alert.kind, alert.subject, alert.severity) for _, alert in self.tables.alerts]

    def asked(self) -> int:
        """Return how often it was asked since the last time."""
        before, self.before = getattr(self, "before", 0), self.transport.count(INFO)
        return self.before - before


@pytest.fixture
def binance(tmp_path: Path) -> Binance:
    return Binance(tmp_path, "BTC", "ETH")


def test_a_coin_that_is_not_listed_is_named_and_the_others_have_their_rules(tmp_path: Path):
    binance = Binance(tmp_path, "BTC", "WEMIX", "ETH")
    assert set(binance.rules) == {BITCOIN, ETHER}
    assert binance.told() == [("coin_unlisted", "WEMIX on binance", Severity.WARNING)]


def test_a_coin_that_is_delisted_has_no_rules_any_more_and_the_others_are_refreshed(binance: Binance):
    assert set(binance.rules) == {BITCOIN, ETHER}
    del binance.markets["ETHUSDT"]
    binance.asked()
    for _ in range(3):
        binance.pass_ns(REFRESH_NS)
        assert set(binance.rules) == {BITCOIN}
    assert binance.asked() == 3 + 2 + 2, "one search, then one question more a time"
    assert binance.told() == [("coin_unlisted", "ETH on binance", Severity.WARNING)]
    binance.markets |= make_symbols([DEFAULT_COINS["ETH"]])
    binance.pass_ns(REFRESH_NS)
    assert set(binance.rules) == {BITCOIN, ETHER}
    assert binance.told()[1:] == [("coin_unlisted", "ETH on binance", Severity.INFO)]


def test_rules_that_cannot_be_read_stay_are_counted_and_told_of_once_when_they_are_old(binance: Binance):
    assert len(binance.rules) == 2
    binance.transport.on(INFO, NotSent("host", "refused"))
    binance.pass_ns(REFRESH_NS)
    assert len(binance.rules) == 2
    assert binance.counters.counts["rules_unread", "binance_retryable"] == 1
    assert binance.told() == []
    for _ in range(3):
        binance.pass_ns(STALE_NS)
        assert len(binance.rules) == 2
    assert binance.told() == [("rules_unread", "binance", Severity.WARNING)]
    binance.transport.on(INFO, binance.answer)
    binance.pass_ns(GAP_NS)
    assert len(binance.rules) == 2
    assert binance.told()[1:] == [("rules_unread", "binance", Severity.INFO)]


def test_keys_that_are_refused_are_told_of_at_once(binance: Binance):
    binance.transport.on(FEES, response(401, {"code": -2015, "msg": "Invalid API-key."}))
    for _ in range(3):
        assert len(binance.rules) == 0
        binance.pass_ns(GAP_NS)
    assert binance.counters.counts["rules_unread", "binance_fatal"] == 3
    assert binance.told() == [("rules_unread", "binance", Severity.CRITICAL)]


def test_rules_that_expire_are_read_anew_at_once(binance: Binance):
    assert binance.rules[BITCOIN].tick(ONE) != ONE
    binance.pass_ns(GAP_NS)
    price_filter = {"filterType": "PRICE_FILTER", "minPrice": "1", "maxPrice": "1000000", "tickSize": "1"}
    info = exchange_info(binance.markets.values(), 0)
    for market in info["symbols"]:
        market["filters"] = [price_filter, *market["filters"][1:]]
    binance.transport.on(INFO, response(200, info))
    binance.rules.expire(Venue.BINANCE, binance.clock.now_ns())
    assert binance.rules[BITCOIN].tick(ONE) == ONE


def test_rules_that_expire_all_the_time_are_read_every_five_seconds(binance: Binance):
    assert len(binance.rules) == 2
    binance.asked()
    for _ in range(100):
        binance.pass_ns(GAP_NS // 10)
        binance.rules.expire(Venue.BINANCE, binance.clock.now_ns())
        assert len(binance.rules) == 2
    assert binance.asked() == 10


def test_what_expired_before_the_last_reading_is_not_read_again(binance: Binance):
    expired_ns = binance.clock.now_ns()
    binance.pass_ns(GAP_NS)
    assert len(binance.rules) == 2
    binance.asked()
    binance.rules.expire(Venue.BINANCE, expired_ns)
    binance.pass_ns(GAP_NS)
    assert len(binance.rules) == 2
    assert binance.asked() == 0


def test_what_expires_while_it_is_read_is_read_again(binance: Binance):
    def expiring(request: HttpRequest) -> HttpResponse:
        binance.pass_ns(NS_PER_MS)
        binance.rules.expire(Venue.BINANCE, binance.clock.now_ns())
        return binance.answer(request)

    binance.transport.on(INFO, expiring, binance.answer)
    assert len(binance.rules) == 2
    binance.pass_ns(GAP_NS)
    assert len(binance.rules) == 2
    assert binance.asked() == 2


def odd_row(binance: Binance, name: str, **changes: Any) -> None:
    """Have the venue say of a market what cannot be."""
    info = exchange_info(binance.markets.values(), 0)
    for market in info["symbols"]:
        market |= changes if market["symbol"] == name else {}
    binance.transport.on(INFO, response(200, info))


def test_a_market_whose_row_is_odd_is_closed_by_the_rules_of_before_and_named(binance: Binance):
    before = binance.rules[BITCOIN]
    odd_row(binance, "BTCUSDT", filters=[])
    for _ in range(3):
        binance.pass_ns(REFRESH_NS)
        assert set(binance.rules) == {BITCOIN, ETHER}
    kept = binance.rules[BITCOIN]
    assert kept == replace(before, closing_only=kept.closing_only)
    assert kept.closing_only == "binance says of BTC/USDT that LOT_SIZE is missing"
    assert not binance.rules[ETHER].closing_only
    assert binance.told() == [("rules_odd", "BTC on binance", Severity.WARNING)]
    binance.transport.on(INFO, binance.answer)
    binance.pass_ns(REFRESH_NS)
    assert binance.rules[BITCOIN] == before
    assert binance.told()[1:] == [("rules_odd", "BTC on binance", Severity.INFO)]


def test_a_market_whose_row_was_never_well_has_no_rules_and_is_a_critical_alert(binance: Binance):
    odd_row(binance, "BTCUSDT", status="FROZEN_SOLID")
    assert set(binance.rules) == {ETHER}
    assert binance.told() == [("rules_odd", "BTC on binance", Severity.CRITICAL)]
    ((_, alert),) = binance.tables.alerts
    assert "status is FROZEN_SOLID" in alert.message


def test_a_row_without_a_name_may_be_that_of_any_market_that_is_missing(binance: Binance):
    assert len(binance.rules) == 2
    odd_row(binance, "BTCUSDT", symbol=None)
    binance.pass_ns(REFRESH_NS)
    assert binance.rules[BITCOIN].closing_only
    assert not binance.rules[ETHER].closing_only
    assert binance.told() == [
        ("rules_odd", "BTC on binance", Severity.WARNING),
        ("rules_odd", "binance", Severity.WARNING),
    ]


def test_a_fee_that_cannot_be_takes_its_own_market_only(binance: Binance):
    def fee(request: HttpRequest) -> HttpResponse:
        is_bitcoin = "BTCUSDT" in request.query
        return response(200, {"standardCommission": {"taker": "-1"}} if is_bitcoin else RATES)

    binance.transport.on(FEES, fee)
    assert set(binance.rules) == {ETHER}
    assert binance.told() == [("rules_odd", "BTC on binance", Severity.CRITICAL)]
