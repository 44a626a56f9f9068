"""Premiums beyond a mark and inventory below one: told once in a while, by books that are believed."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from arb.adapters.local.clock import ManualClock
from arb.adapters.memory.messages import MemoryMessages
from arb.adapters.memory.tables import MemoryTables
from arb.domain.health.message import MessageKind, render
from arb.domain.market.ids import Coin, Venue
from arb.domain.market.spread import RATE_WIDE
from arb.domain.time import NS_PER_HOUR, NS_PER_S
from arb.engine.health.marks import WatchMarks
from tests.contracts import world
from tests.domain.markets import NOW_NS, PAIR, UPBIT, market, with_book

AGAIN_NS = 6 * NS_PER_HOUR
RICH = {
    (Venue.UPBIT, "KRW"): Decimal(100_000_000),
    (Venue.UPBIT, "BTC"): Decimal(1),
    (Venue.BINANCE, "USDT"): Decimal(100_000),
    (Venue.BINANCE, "BTC"): Decimal(1),
    (Venue.BINANCE, "DOGE"): Decimal(0),  # nothing that is traded here
}


@dataclass
class Desk:
    found: object = field(default_factory=market)
    free_now: dict = field(default_factory=lambda: dict(RICH))
    store: MemoryMessages = field(default_factory=lambda: MemoryMessages(MemoryTables()))
    pair: object = PAIR

    def read(self, coins, now_ns):
        rate = replace(self.found.rate, ts_recv_ns=now_ns)
        found = replace(self.found, rate=rate)
        for venue in PAIR.venues:
            found = with_book(found, venue, ts_recv_ns=now_ns)
        return {Coin("BTC"): found}

    def free(self, session_id):
        return self.free_now

    def look(
        self, after_ns: int = 0, premium: str | None = "90", legs: str | None = "2", leg: int = 1_000
    ) -> list[str]:
        """Look in a process that has just begun; return what is kept so far."""
        WatchMarks(
            session_id="s1", coins=[Coin("BTC")], markets=self, trades=self, store=self.store,
            limits=world.LIMITS, leg_notional=Decimal(leg), premium_bps=premium and Decimal(premium),
            legs_min=legs and Decimal(legs), again_ns=AGAIN_NS, clock=ManualClock(NOW_NS + after_ns),
        ).run()  # fmt: skip
        return [
            f"{row.message.kind} {row.message.key.rpartition(' ')[0]}" for row in self.store.tables.messages
        ]


@pytest.fixture
def desk():
    return Desk()


def test_a_premium_beyond_its_mark_is_told_once_and_again_after_a_while(desk):
    for after_s in range(0, 60, 5):
        assert desk.look(after_s * NS_PER_S) == ["premium_above BTC"]
    assert len(desk.look(AGAIN_NS - 1)) == 1
    assert len(desk.look(AGAIN_NS)) == 2
    [facts, _] = [row.message.facts for row in desk.store.tables.messages]
    assert round(Decimal(facts["premium_bps"])) == 100
    assert Decimal(facts["edge_bps"]) > 0


def test_a_rate_is_told_only_between_two_currencies(desk):
    desk.look()
    own = replace(desk.found.rate, krw_per_usdt=Decimal(1), is_par=True)
    krw = {"binance_bids": (("139999999", "1"),), "binance_asks": (("140000000", "1"),)}
    desk.found = replace(market(**krw), rate=own)
    assert len(desk.look(AGAIN_NS, legs=None, leg=1_400_000)) == 2
    texts = [render(row.message.kind, [row.message.facts], {})[1] for row in desk.store.tables.messages]
    assert texts[0].endswith(" bps, rate 1,400.00.")
    assert texts[1].endswith(" bps.")
    assert "rate" not in texts[1]


def test_one_below_its_mark_or_none_is_not_told(desk):
    assert desk.look(premium="110") == []
    assert desk.look(premium=None) == []


def test_a_premium_below_even_is_one_too(desk):
    desk.found = market(upbit_bids=(("138600000", "1"),), upbit_asks=(("138601000", "1"),))
    assert desk.look() == ["premium_above BTC"]


@pytest.mark.parametrize(
    "found",
    [
        market(upbit=replace(UPBIT, tradable=False)),
        market(krw_per_usdt="1200"),  # absurd
        market(upbit_asks=(("150000000", "1"),)),  # a hole
        replace(market(), rate=replace(market().rate, doubt=RATE_WIDE)),
    ],
)
def test_what_no_pair_could_be_opened_on_is_not_believed(desk, found):
    desk.found = found
    assert desk.look() == []


def test_an_asset_that_lasts_for_fewer_legs_than_its_mark_is_told(desk):
    desk.free_now[Venue.UPBIT, "KRW"] = Decimal(2_799_999)  # a leg is 1,400,000
    desk.free_now[Venue.BINANCE, "BTC"] = Decimal("0.0199")  # a leg is 0.01
    told = desk.look(premium=None)
    assert told == ["inventory_low upbit KRW", "inventory_low binance BTC"]
    assert desk.store.tables.messages[0].message.facts["legs"] == "2.0"
    assert desk.look(NS_PER_S, premium=None) == told


def test_enough_for_just_as_many_is_not_low(desk):
    desk.free_now[Venue.UPBIT, "KRW"] = Decimal(2_800_000)
    assert desk.look(premium=None) == []


def test_a_clock_that_is_set_back_silences_nothing(desk):
    desk.look()
    assert len(desk.look(-3 * AGAIN_NS)) == 2
    assert {row.message.kind for row in desk.store.tables.messages} == {MessageKind.PREMIUM_ABOVE}
