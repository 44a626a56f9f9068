"""What a start waits for: one coin is enough, the others are left out by name, and the wait is said."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.adapters.venues.instruments import LiveInstruments
from arb.app.ready import LIMIT_S, OTHERS_NS, wait_ready
from arb.domain.errors import ConfigError, Fatal, Retryable
from arb.domain.market.ids import Coin, Symbol, Venue
from arb.domain.market.listing import OddMarket
from arb.domain.time import NS_PER_S
from arb.engine.market.markets import symbol_on
from arb.engine.market.rules import WatchRules
from arb.stack.errors import TookTooLong
from tests.domain.markets import PAIR
from tests.engine.testbed import RULES, EngineTestbed

QUOTED = {Venue.BINANCE: ("99", "100"), Venue.UPBIT: ("139000", "140000")}


class Starting:
    """An engine on a testbed, as a start sees it."""

    def __init__(self, *coins: str) -> None:
        self.testbed = EngineTestbed()
        self.told: list[str] = []
        self.facts: dict[str, dict[str, str]] = {}
        self.refused: dict[Venue, Exception] = {}
        for venue in PAIR.venues:
            self.testbed.venues[venue].rules = {
                symbol_on(venue, Coin(coin)): self.rule(venue, coin) for coin in coins
            }
        self.forget()
        self.coins = tuple(Coin(coin) for coin in coins)

    def forget(self) -> None:
        self.testbed.quotes = MemoryQuoteStore(self.testbed.clock)

    def rule(self, venue: Venue, coin: str) -> Any:
        return replace(RULES[venue], symbol=symbol_on(venue, Coin(coin)), base=Coin(coin))

    def quote(self, coin: str, *venues: Venue) -> None:
        for venue in venues or PAIR.venues:
            bid, ask = QUOTED[venue]
            self.testbed.quotes.put(
                [self.testbed.book(venue, symbol_on(venue, Coin(coin)), bid, ask, "5")], []
            )

    def rate(self) -> None:
        self.testbed.quotes.put(
            [self.testbed.book(Venue.UPBIT, Symbol("USDT/KRW"), "1399", "1401", "1000")], []
        )

    def run(self, *, idle: bool = False) -> None:
        testbed, began_ns = self.testbed, self.testbed.clock.now_ns()
        answers = {} if idle else {"orders": {"at_ns": str(began_ns)}}
        watch = WatchRules(
            coins=self.coins, alerts=SimpleNamespace(raise_alert=lambda _: None), counters=testbed.counters
        )
        engine: Any = SimpleNamespace(
            markets=SimpleNamespace(pair=PAIR),
            settings=SimpleNamespace(traded=self.coins),
            clock=testbed.clock,
            quotes=testbed.quotes,
            instruments=LiveInstruments(testbed.venues, self.coins, testbed.clock, watch),
            heartbeats=SimpleNamespace(read=lambda: self.facts),
            stores=SimpleNamespace(canaries=SimpleNamespace(read=lambda: answers)),
            dispatcher=testbed.dispatcher,
            alerts=SimpleNamespace(raise_alert=lambda alert: self.alerts.append(alert)),
        )
        self.alerts: list[Any] = []
        wait_ready(engine, ("orders",), lambda: None, self.told.append)

    def waited_s(self) -> int:
        return self.testbed.clock.now_ns() // NS_PER_S - self.began_s

    def begin(self) -> "Starting":
        self.began_s = self.testbed.clock.now_ns() // NS_PER_S
        return self


@pytest.fixture
def starting() -> Starting:
    starting = Starting("BTC", "XRP").begin()
    starting.rate()
    starting.quote("BTC")
    return starting


def test_nothing_is_awaited_where_every_coin_is_quoted(starting: Starting):
    starting.quote("XRP")
    starting.run()
    assert (starting.waited_s(), starting.alerts) == (0, [])


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_coin_that_one_venue_does_not_quote_is_left_out_and_alarmed(starting: Starting, venue: Venue):
    starting.quote("XRP", *(other for other in PAIR.venues if other is not venue))
    starting.run()
    assert starting.waited_s() == OTHERS_NS // NS_PER_S
    assert [(alert.kind, alert.subject) for alert in starting.alerts] == [("coin_unquoted", venue)]
    assert "XRP" in starting.alerts[0].message


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_a_coin_that_one_venue_does_not_list_is_not_awaited(starting: Starting, venue: Venue):
    starting.testbed.venues[venue].rules.pop(symbol_on(venue, Coin("XRP")))
    starting.run()
    assert starting.waited_s() == 0
    assert starting.told == [f"left out: XRP is not listed, or oddly, by {venue}"]


def test_a_coin_whose_row_is_odd_is_not_awaited(starting: Starting):
    starting.testbed.venues[Venue.UPBIT].odd = (OddMarket(Venue.UPBIT, Symbol("XRP/KRW"), "tick_size", "0"),)
    starting.run()
    assert starting.waited_s() == 0


def test_nothing_starts_where_no_coin_is_left(starting: Starting):
    starting.testbed.venues[Venue.UPBIT].rules.clear()
    with pytest.raises(ConfigError, match=r"^coins: nothing is left to trade: BTC is not listed.* by upbit"):
        starting.run()
    assert starting.waited_s() == 0


def test_keys_that_are_refused_end_the_wait_at_once(starting: Starting):
    starting.testbed.venues[Venue.UPBIT].instruments = refusing(Fatal("upbit", "invalid_access_key"))
    with pytest.raises(ConfigError, match="invalid_access_key"):
        starting.run()
    assert starting.waited_s() <= 1


def refusing(error: Exception) -> Any:
    def instruments(_coins: Any) -> Any:
        raise error

    return instruments


CAUSES = {
    "not sent: host: NewConnectionError (ConnectionRefusedError)": "the connection is refused",
    "not sent: host: NameResolutionError (gaierror)": "cannot be resolved",
    "HTTP 451 Service unavailable from a restricted location": "HTTP 451",
}


@pytest.mark.parametrize(("detail", "words"), CAUSES.items())
def test_why_there_are_no_quotes_is_said_once_and_not_for_each_coin(detail: str, words: str):
    coins = [f"C{number}" for number in range(200)]
    starting = Starting(*coins).begin()
    starting.testbed.venues[Venue.BINANCE].instruments = refusing(Retryable("binance", detail))
    starting.rate()
    for coin in coins:
        starting.quote(coin, Venue.UPBIT)
    with pytest.raises(TookTooLong, match=words) as raised:
        starting.run()
    assert "C1" not in str(raised.value)
    assert len(str(raised.value)) < 300
    assert len(starting.told) == LIMIT_S // 10 - 1
    assert all(words in line for line in starting.told)


def test_the_cause_that_a_feed_saw_is_told(starting: Starting):
    starting.forget()
    starting.facts = {
        "feed": {"upbit_cause": "ConnectionRefusedError 111", "binance_refusal": "Invalid HTTP 400"}
    }
    with pytest.raises(TookTooLong) as raised:
        starting.run()
    assert "upbit: the connection is refused" in str(raised.value)
    assert "binance: Invalid HTTP 400" in str(raised.value)


def test_of_many_coins_without_quotes_a_few_are_named_and_why_once():
    starting = Starting("BTC", *(f"C{number}" for number in range(200))).begin()
    starting.rate()
    starting.quote("BTC")
    starting.facts = {"feed": {"binance_cause": "WebSocketBadStatusException 400"}}
    starting.run()
    few = "C0, C1, C2, C3, C4 and 195 more at binance: the connection is answered with an HTTP error"
    assert few in starting.told[0]
    assert all("C5" not in line for line in starting.told)
    assert [alert.subject for alert in starting.alerts] == ["upbit", "binance"]
    assert few in starting.alerts[1].message


def test_of_many_coins_that_are_not_listed_a_few_are_named():
    starting = Starting("BTC", *(f"C{number}" for number in range(200))).begin()
    starting.rate()
    starting.quote("BTC")
    kept = symbol_on(Venue.UPBIT, Coin("BTC"))
    rules = starting.testbed.venues[Venue.UPBIT].rules
    starting.testbed.venues[Venue.UPBIT].rules = {kept: rules[kept]}
    starting.run()
    (line,) = starting.told
    assert line.endswith("and 195 more") and len(line) < 300


def test_workers_that_do_not_come_are_named(starting: Starting):
    with pytest.raises(TookTooLong, match="nobody works on orders"):
        starting.run(idle=True)
