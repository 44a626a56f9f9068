"""Both venues' books, the rate and the rules, brought together."""

from dataclasses import replace
from decimal import Decimal

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.quotes import MemoryQuoteStore
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.pair import Pair
from arb.domain.risk.sanity import rate_doubt
from arb.domain.time import NS_PER_S, STAMP_AHEAD_NS_MAX
from arb.domain.trading.evidence import seen
from arb.engine.market.markets import Markets, keys_of, shown_rate, symbol_on
from tests.domain.markets import PAIR, USDT_KRW, a_belief
from tests.engine.books import BTC_KRW, BTC_USDT, NOW_NS, a_book
from tests.engine.testbed import BTC, LIMITS, RULES

INSTRUMENTS = {(venue, rule.symbol): rule for venue, rule in RULES.items()}
KEYS = (BTC_KRW, BTC_USDT, USDT_KRW)


class World:
    """A store with every book of one coin at a bid of 100."""

    def __init__(self) -> None:
        self.store = MemoryQuoteStore(ManualClock(NOW_NS))
        self.markets = Markets(pair=PAIR, quotes=self.store, instruments=INSTRUMENTS, belief=a_belief())
        self.store.put([a_book(key) for key in KEYS], [])

    def market(self, *carried, now_ns=NOW_NS):
        return self.markets.read((BTC,), now_ns, carried).get(BTC)


@pytest.fixture
def world() -> World:
    return World()


def test_each_venue_has_a_symbol_of_its_own_for_a_coin():
    assert [symbol_on(venue, BTC) for venue in PAIR.venues] == ["BTC/KRW", "BTC/USDT"]


def test_the_rate_is_needed_once_however_many_coins():
    keys = keys_of(PAIR, (BTC, Coin("ETH")))
    assert keys.count(USDT_KRW) == 1
    assert len(set(keys)) == 5


@pytest.fixture
def of_one_currency(monkeypatch, world):
    """The same venues, both in KRW, without any book of a rate."""
    monkeypatch.setattr(Venue.BINANCE, "quote", "KRW")
    there = (Venue.BINANCE, BTC_KRW[1])
    rules = {**INSTRUMENTS, there: replace(RULES[Venue.BINANCE], symbol=there[1], quote="KRW")}
    world.store.remove({USDT_KRW: 0, BTC_USDT: 0})
    world.store.put([a_book(there)], [])
    world.markets = replace(world.markets, pair=Pair(Venue.UPBIT, Venue.BINANCE), instruments=rules)
    return world


def test_a_pair_of_one_currency_has_a_market_without_a_rate_that_could_be_away_or_old(of_one_currency):
    found = of_one_currency.market()
    assert found.rate.krw_per_usdt == 1
    limits = replace(LIMITS, rate_age_ns_max=1, rate_memory_ns=1)
    for later_ns in (0, limits.quote_age_ns_max, 1_000 * limits.rate_memory_ns):
        assert rate_doubt(found.rate, limits, NOW_NS + later_ns) == ""
    assert len(keys_of(of_one_currency.markets.pair, (BTC,))) == 2
    assert shown_rate(of_one_currency.markets.pair, {}) is None  # no USDT is in it


def test_it_values_both_legs_as_they_are(of_one_currency):
    found = of_one_currency.market()
    assert [found.krw(venue, Decimal(5)) for venue in found.venues] == [5, 5]
    assert seen(found, NOW_NS + NS_PER_S)["rate_age_ms"] == "0"


def test_with_two_currencies_and_no_book_of_the_rate_none_is_shown():
    assert shown_rate(PAIR, {}) is None
    assert shown_rate(PAIR, {USDT_KRW: a_book(USDT_KRW)}) == Decimal("100.5")


def test_a_market_has_both_books_their_rules_and_the_rate(world):
    found = world.market()
    assert tuple(found.book(venue).symbol for venue in PAIR.venues) == ("BTC/KRW", "BTC/USDT")
    assert (found.instrument(Venue.UPBIT), found.instrument(Venue.BINANCE)) == (
        RULES[Venue.UPBIT],
        RULES[Venue.BINANCE],
    )
    assert found.rate.krw_per_usdt == Decimal("100.5")


@pytest.mark.parametrize("key", KEYS)
def test_without_one_of_its_books_there_is_no_market(world, key):
    world.store.remove({key: 0})
    assert world.market() is None


@pytest.mark.parametrize("venue", list(PAIR.venues))
def test_without_the_rules_of_one_venue_there_is_no_market(world, venue):
    known = {key: rule for key, rule in INSTRUMENTS.items() if key[0] is not venue}
    markets = replace(world.markets, instruments=known)
    assert markets.read((BTC,), NOW_NS) == {}
    assert markets.without_rules(BTC) == (venue,)


def test_a_coin_whose_books_are_missing_does_not_keep_another_from_its_market(world):
    assert [*world.markets.read((Coin("ETH"), BTC), NOW_NS)] == [BTC]


def test_without_the_store_what_a_message_carried_is_enough(world):
    world.store.away = True
    assert world.market() is None
    assert world.market(*(a_book(key) for key in KEYS)) is not None


@pytest.mark.parametrize(("carried_ns", "bid"), [(NOW_NS + 1, 200), (NOW_NS, 100), (NOW_NS - 1, 100)])
def test_of_two_books_the_newer_is_used_and_the_stores_where_they_are_as_old(world, carried_ns, bid):
    carried = a_book(BTC_KRW, "200", ts_recv_ns=carried_ns)
    assert world.market(carried, now_ns=NOW_NS + 1).book(Venue.UPBIT).bid == bid


@pytest.mark.parametrize(("ahead_ns", "bid"), [(0, 100), (1, 200)])
def test_a_book_of_the_store_that_is_ahead_of_now_is_not_newer_than_one_that_is_not(world, ahead_ns, bid):
    carried = a_book(BTC_KRW, "200", ts_recv_ns=NOW_NS)
    ahead = a_book(BTC_KRW, "100", ts_recv_ns=NOW_NS + STAMP_AHEAD_NS_MAX + ahead_ns)
    world.store.put([ahead], [])
    assert world.market(carried).book(Venue.UPBIT).bid == bid


def test_a_book_ahead_of_now_is_newer_than_none(world):
    world.store.put([a_book(BTC_KRW, "300", ts_recv_ns=NOW_NS + 10 * STAMP_AHEAD_NS_MAX)], [])
    assert world.market().book(Venue.UPBIT).bid == 300


def test_a_book_that_a_former_owner_sent_is_not_used(world):
    world.store.fence({BTC: 2}, ())
    for key in KEYS:
        world.store.put([replace(a_book(key), fence=2 if key != USDT_KRW else 0)], [])
    late = replace(a_book(BTC_KRW, "200", ts_recv_ns=NOW_NS + 1), fence=1)
    assert world.market(late, now_ns=NOW_NS + 1).book(Venue.UPBIT).bid == 100
